// The one construction that a public key signature stands on.
#include "engine/auth/userauth.hpp"

#include "engine/messages.hpp"

namespace nacre {

ByteVector signed_request(Bytes session_id, std::string_view user, std::string_view algorithm, Bytes key) {
  const auto body = encoded(PublicKeyBody{.has_signature = true, .algorithm = algorithm, .key = key, .signature = {}});
  const UserauthRequest request{user, connection_service, method_publickey, {body}};
  ByteVector result;
  VectorSink sink{result};
  Writer<VectorSink>(sink).write(session_id);
  encode(request, sink);
  return result;
}

}  // namespace nacre

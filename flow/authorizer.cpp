// An Authorizer that has not been told otherwise lets nobody in.
#include "flow/authorizer.hpp"

namespace nacre {

Awaitable<bool> Authorizer::key_of_interest(std::string, std::string, ByteVector) { co_return false; }
Awaitable<AuthVerdict> Authorizer::key_proven(std::string, std::string, ByteVector) { co_return AuthVerdict::reject; }
Awaitable<AuthVerdict> Authorizer::password(std::string, Secret) { co_return AuthVerdict::reject; }
Awaitable<AuthVerdict> Authorizer::none(std::string) { co_return AuthVerdict::reject; }
Awaitable<Authorizer::Step> Authorizer::prompts(std::string, std::string) { co_return AuthVerdict::reject; }
Awaitable<Authorizer::Step> Authorizer::responses(std::string, std::vector<Secret>) { co_return AuthVerdict::reject; }

}  // namespace nacre

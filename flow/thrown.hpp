// What has been thrown out of a callback of the program, or for want of memory, as the cause of a connection's end.
// Internal.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "engine/text.hpp"
#include "flow/flow.hpp"

namespace nacre {

// `thrown` is not null. With no memory left for the text, the text is empty.
inline FlowError error_of(const std::exception_ptr& thrown) noexcept {
  FlowError error{FlowCode::system, {}};
  try {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
      error.text = "out of memory";
    } catch (const std::exception& known) {
      error.text = "a callback of the program has thrown: " + printable(known.what());
    } catch (...) {
      error.text = "a callback of the program has thrown";
    }
  } catch (const std::bad_alloc&) {
    error.text.clear();
  }
  return error;
}

}  // namespace nacre

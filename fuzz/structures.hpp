// Every structure that has a number, a method or a name on the wire, for the targets that walk all of them.
#pragma once

#include <tuple>

#include "engine/messages.hpp"
#include "engine/requests.hpp"

namespace nacre::fuzz {

using Structures =
    std::tuple<Disconnect, Ignore, Unimplemented, Debug, ServiceRequest, ServiceAccept, ExtInfo, KexInit, NewKeys,
               KexInitial, KexReply, UserauthRequest, PublicKeyBody, PasswordBody, KeyboardInteractiveBody, OneString,
               UserauthFailure, UserauthSuccess, UserauthBanner, PublicKeyOk, PasswordChangeRequest, InfoRequest,
               InfoResponse, GlobalRequest, RequestSuccess, RequestFailure, ChannelOpen, ChannelOpenConfirmation,
               ChannelOpenFailure, ChannelWindowAdjust, ChannelData, ChannelExtendedData, ChannelEof, ChannelClose,
               ChannelRequest, ChannelSuccess, ChannelFailure, Ping, Pong, PtyRequest, WindowChange, EnvRequest,
               ShellRequest, ExecRequest, SubsystemRequest, SignalRequest, BreakRequest, ExitStatus, ExitSignal>;

constexpr std::size_t structures = std::tuple_size_v<Structures>;

}  // namespace nacre::fuzz

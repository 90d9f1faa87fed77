// Keys and hashed names that ssh-keygen made, for the tests of the trust files.
#pragma once

#include <string>
#include <string_view>

#include "crypto/base64.hpp"

namespace nacre::test {

inline constexpr std::string_view ed25519_base64 =
    "AAAAC3NzaC1lZDI1NTE5AAAAIGr5eddu9pvyyELuGQ74AmdRcQYaxMFLkK41JaqSdM9j";
inline constexpr std::string_view ecdsa_base64 =
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBKZbENhPtdlkQycAypjBGaspteCTmnd0k86mBX02UfUozADu"
    "hH++P/oHIYfSN6RnME3M14MVqQuI5WovX+JYaLI=";
inline constexpr std::string_view rsa_base64 =
    "AAAAB3NzaC1yc2EAAAADAQABAAABgQC8KssKWsBJIGjNJhPtK8h+PXb1yGvyXYGAR1a0ko0m+OCd1BdYkrh9Hkt91W6pDVCYtdD6"
    "4+1XAWv+/G+Nd5KH+l1vP6kclARbAzd+A/QMayn3RvRlZJmJ+DvsqFpsiX3SDEmmlPouGLCTGvdBf8zldOIjJMth+tyX8R77UaWn"
    "RTSTLIfrgY4iUzF/5FRkQMd1z/YUklGj0ZGm3wOU+xwv/ETIAZctbyhxtL35bbcYoekAajiQ+T0nDecqYzyRbBym9ck+qaWd9AdW"
    "GLqymz9I/QM1v82u91qimBWbBltHHxYpidV7PIHMtcPUfs3hKSJUFGYHPW+/Sg6LdOIvZZ+9bYSGxh7Y0cacipwyO0MWI8b0aD8j"
    "z13U5z5OsqTW/wnYX2zVG2TTNRPov1x+yjsHQKsjzoi16xXnGLNecopg6Wva4R+lni4OscSIgZkIf6wSTkoLyAEj5xS/Nc/ddXRv"
    "ohS0Upr9BK4T3Bn8TmqWUzNE0QCgSdRN7XlqICKKim8=";

// By ssh-keygen -H: example.test, [example.test]:2222, 192.0.2.7.
inline constexpr std::string_view hashed_example = "|1|0dJxuLjIwXj27uzUYNkFmg/eEv8=|Wt4u3Jg6+DIq97EU6rr4JvvgU0U=";
inline constexpr std::string_view hashed_port = "|1|AXzzsLT7B6VnTQp7m5eOG6TGv7c=|Wkg2VI4w2gfWgR7Z7scAtpu5kOg=";
inline constexpr std::string_view hashed_address = "|1|/853LdAJz+tdIExLBDrWmUVJwDA=|DlAIMKLWjqlY2MyQIzxM+mpaJaA=";

inline std::string ed25519() { return "ssh-ed25519 " + std::string(ed25519_base64); }
inline std::string ecdsa() { return "ecdsa-sha2-nistp256 " + std::string(ecdsa_base64); }
inline std::string rsa() { return "ssh-rsa " + std::string(rsa_base64); }

inline ByteVector blob(std::string_view base64) { return base64_decode(base64).value_or(ByteVector{}); }

}  // namespace nacre::test

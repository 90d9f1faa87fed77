// Password hashes: lines of other implementations, and lines that are none or too dear.
#include "crypto/password_hash.hpp"

#include <gtest/gtest.h>

#include "tests/crypto/support.hpp"

namespace nacre::testing {
namespace {

bool check(std::string_view password, std::string_view line) { return check_password(bytes_of(password), line); }

TEST(Password, Argon2OfTheReferenceImplementation) {  // its src/test.c, version 0x13
  const std::string_view id = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  const std::string_view i = "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";
  EXPECT_TRUE(is_password_hash(id));
  EXPECT_TRUE(check("password", id));
  EXPECT_FALSE(check("Password", id));
  EXPECT_FALSE(check("", id));
  EXPECT_TRUE(check("password", i));
  EXPECT_FALSE(check("differentpassword", i));
}

TEST(Password, BcryptOfOtherImplementations) {
  // Openwall's crypt_blowfish tests, and jBCrypt 0.3.
  EXPECT_TRUE(check("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
  EXPECT_TRUE(check("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"));
  EXPECT_TRUE(check("abc", "$2a$05$DfPyLs.G6.To9fXEFgUL1O6HpYw3jIXgPcl/L3Qt3jESuWmhxtmpS"));
  EXPECT_TRUE(check("\xa3", "$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"));
  EXPECT_FALSE(check("abd", "$2a$05$DfPyLs.G6.To9fXEFgUL1O6HpYw3jIXgPcl/L3Qt3jESuWmhxtmpS"));
  EXPECT_FALSE(check("abc", "$2x$05$DfPyLs.G6.To9fXEFgUL1O6HpYw3jIXgPcl/L3Qt3jESuWmhxtmpS"));
}

TEST(Password, OursThereAndBack) {
  Bench bench;
  const auto line = hash_password(bytes_of("correct horse"), *bench.random);
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << *line;
  EXPECT_TRUE(is_password_hash(*line));
  EXPECT_TRUE(check("correct horse", *line));
  EXPECT_FALSE(check("correct horsf", *line));
  EXPECT_NE(*hash_password(bytes_of("correct horse"), *bench.random), *line) << "salted";
  FailingRandom none(0);
  EXPECT_FALSE(hash_password(bytes_of("correct horse"), none));
}

TEST(Password, LinesThatCostTooMuch) {
  const std::string salt_and_digest = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  for (const char* cost :
       {"m=1048577,t=1,p=1", "m=4294967295,t=1,p=1", "m=1048576,t=17,p=1", "m=8,t=4294967295,p=1", "m=64,t=1,p=129"})
    EXPECT_FALSE(is_password_hash("$argon2id$v=19$" + std::string(cost) + salt_and_digest)) << cost;
  EXPECT_TRUE(is_password_hash("$argon2id$v=19$m=1048576,t=16,p=1" + salt_and_digest));
  EXPECT_TRUE(is_password_hash("$2a$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
  EXPECT_FALSE(is_password_hash("$2a$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
  EXPECT_FALSE(is_password_hash("$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST(Password, EveryPartOfALineHasItsBounds) {
  const auto argon = [](const std::string& kind, const std::string& cost, std::size_t salt, std::size_t digest) {
    return is_password_hash("$" + kind + "$v=19$" + cost + "$" + std::string(salt, 'A') + "$" +
                            std::string(digest, 'A'));
  };
  for (const auto* kind : {"argon2id", "argon2i", "argon2d"}) EXPECT_TRUE(argon(kind, "m=8,t=1,p=1", 11, 22)) << kind;
  EXPECT_FALSE(argon("argon2", "m=8,t=1,p=1", 11, 22));
  EXPECT_TRUE(argon("argon2id", "m=1024,t=1,p=128", 64, 128));
  for (const auto* cost :
       {"m=7,t=1,p=1", "m=1023,t=1,p=128", "m=8,t=1,p=0", "m=8,t=1,p=", "m=8,t=1,p=1x", "m=8,p=1,t=1", "m=8,t=,p=1",
        "m=8,t=1,q=1", "m=8", "", "m=99999999999,t=1,p=1", "m=8,t=99999999999,p=1", "m=8,t=1,p=99999999999"})
    EXPECT_FALSE(argon("argon2id", cost, 11, 22)) << cost;
  EXPECT_FALSE(argon("argon2id", "m=8,t=1,p=1", 10, 22));
  EXPECT_FALSE(argon("argon2id", "m=8,t=1,p=1", 65, 22));
  EXPECT_FALSE(argon("argon2id", "m=8,t=1,p=1", 11, 21));
  EXPECT_FALSE(argon("argon2id", "m=8,t=1,p=1", 11, 129));
  const auto bcrypt = [](const std::string& head) { return is_password_hash(head + std::string(53, 'A')); };
  for (const auto* head : {"$2a$04$", "$2b$05$", "$2y$16$"}) EXPECT_TRUE(bcrypt(head)) << head;
  for (const auto* head : {"$2c$05$", "$1b$05$", "$2b.05$", "$2b$05.", "$2b$03$", "$2b$17$", "$2b$5x$", "$2b$+5$"})
    EXPECT_FALSE(bcrypt(head)) << head;
  EXPECT_FALSE(is_password_hash("$2b$05$" + std::string(52, 'A') + "!"));
}

TEST(Password, LinesThatAreNone) {
  const std::string good = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";
  EXPECT_TRUE(is_password_hash(good));
  for (std::size_t size = 0; size + 30 < good.size(); ++size)
    EXPECT_FALSE(is_password_hash(good.substr(0, size))) << size;
  for (const char* line : {"", "password", "*", "!", "x", "$6$salt$digest",
                           "argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2",
                           "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2",
                           "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2",
                           "$argon2id$v=19$m=-1,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2",
                           "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2$",
                           "$argon2id$v=19$m=256,t=2,p=1$c29t ZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2",
                           "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
                           "$2a$xx$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}) {
    EXPECT_FALSE(is_password_hash(line)) << line;
    EXPECT_FALSE(check("password", line)) << line;
    EXPECT_FALSE(check("", line)) << line;
  }
}

}  // namespace
}  // namespace nacre::testing

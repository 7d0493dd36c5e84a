#include "db/signature.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "db/error.h"
#include "tests/db/sample.h"

namespace db {
namespace {

class SignatureTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_.file(name)) << text; }

  sample::Folder folder_;
  const std::string path_ = folder_.file("station.key");
  const StationKey key_ = StationKey::load_or_make(path_);
};

TEST_F(SignatureTest, TheKeyIsMadeOnceAndNobodyElseMayReadIt) {
  EXPECT_EQ(StationKey::load_or_make(path_).public_key(), key_.public_key());
  const auto mode = std::filesystem::status(path_).permissions();
  EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
  EXPECT_EQ(parse_public_key(to_string(key_.public_key())), key_.public_key());
}

TEST_F(SignatureTest, AnyChangedByteOfTextOrCommentIsNoticed) {
  const std::string text = "units 5\n", signature = key_.sign(text, "job J-7");
  ASSERT_EQ(check_signature(text, signature, key_.public_key()), SignatureCheck::good);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(check_signature(changed, signature, key_.public_key()), SignatureCheck::wrong) << i;
  }
  // The last line break is minisign's, not ours, and not part of what is signed.
  for (std::size_t i = signature.find('\n') + 1; i + 1 < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(check_signature(text, changed, key_.public_key()), SignatureCheck::good) << i;
  }
}

TEST_F(SignatureTest, AnotherStationsSignatureIsToldFromAWrongOne) {
  const StationKey other = StationKey::load_or_make(folder_.file("other.key"));
  EXPECT_EQ(check_signature("text", other.sign("text", "c"), key_.public_key()), SignatureCheck::other_key);
}

TEST_F(SignatureTest, AKeyFileThatIsNotOursIsRefusedAndLeftAlone) {
  write("bad.key", "something else\n");
  EXPECT_THROW(StationKey::load_or_make(folder_.file("bad.key")), Error);
  std::ifstream file(folder_.file("bad.key"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "something else\n");
}

// The program that nobody here wrote agrees.
TEST_F(SignatureTest, MinisignAcceptsWhatIsSignedAndRefusesWhatWasChanged) {
  const std::string text = "flashline certificate\nunits 5\n";
  write("c.txt", text);
  write("c.txt.minisig", key_.sign(text, "job J-7"));
  const std::string command = "minisign -V -q -P " + to_string(key_.public_key()) + " -m " + folder_.file("c.txt");
  EXPECT_EQ(std::system(command.c_str()), 0);
  write("c.txt", "flashline certificate\nunits 6\n");
  EXPECT_NE(std::system((command + " 2>/dev/null").c_str()), 0);
}

}  // namespace
}  // namespace db

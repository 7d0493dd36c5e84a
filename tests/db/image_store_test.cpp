#include "db/image_store.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include "db/error.h"
#include "db/store.h"
#include "tests/db/sample.h"

namespace db {
namespace {

namespace fs = std::filesystem;
using Bytes = ImageStore::Bytes;

Sha256 hash_of(const Bytes& bytes) {
  Sha256 hash;
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hash;
}

class ImageStoreTest : public testing::Test {
 protected:
  bool holds(const Bytes& bytes) const {
    const auto found = store_.get(hash_of(bytes));
    return std::holds_alternative<Bytes>(found) && std::get<Bytes>(found) == bytes;
  }
  // As an edit would: the file is read-only, its owner is not stopped by that.
  void overwrite(const Sha256& digest, const Bytes& bytes) const {
    fs::permissions(store_.file_of(digest), fs::perms::owner_write, fs::perm_options::add);
    std::ofstream(store_.file_of(digest), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  sample::Folder folder_;
  UuidGenerator uuids_;
  ImageStore store_{folder_.file()};
  const Bytes one_{1, 2, 3}, other_{4, 5, 6, 7};
};

TEST_F(ImageStoreTest, AnImageComesBackAsItWasAndItsFileCannotBeWrittenByAccident) {
  store_.put(hash_of(one_), one_);
  store_.put(hash_of(one_), one_);
  store_.put(hash_of({}), {});
  EXPECT_TRUE(holds(one_));
  EXPECT_TRUE(holds({}));
  EXPECT_TRUE(std::holds_alternative<ImageStore::Missing>(store_.get(hash_of(other_))));
  const std::string name = hex(hash_of(one_));
  EXPECT_EQ(store_.file_of(hash_of(one_)), folder_.file() + ".images/" + name.substr(0, 2) + "/" + name);
  const fs::perms mode = fs::status(store_.file_of(hash_of(one_))).permissions();
  EXPECT_EQ(mode & (fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write), fs::perms::none);
}

TEST_F(ImageStoreTest, BytesUnderAWrongNameAreRefused) {
  EXPECT_THROW(store_.put(hash_of(other_), one_), Error);
  EXPECT_TRUE(std::holds_alternative<ImageStore::Missing>(store_.get(hash_of(other_))));
}

TEST_F(ImageStoreTest, AFileWithAnyByteChangedOrCutOffIsFoundAndPutRightWhenTheImageComesAgain) {
  store_.put(hash_of(other_), other_);
  for (std::size_t at = 0; at < other_.size(); ++at) {
    Bytes changed = other_;
    changed[at] ^= 1;
    overwrite(hash_of(other_), changed);
    EXPECT_TRUE(std::holds_alternative<ImageStore::Altered>(store_.get(hash_of(other_)))) << at;
    overwrite(hash_of(other_), Bytes(other_.begin(), other_.begin() + static_cast<std::ptrdiff_t>(at)));
    EXPECT_TRUE(std::holds_alternative<ImageStore::Altered>(store_.get(hash_of(other_)))) << at;
  }
  store_.put(hash_of(other_), other_);
  EXPECT_TRUE(holds(other_));
}

TEST_F(ImageStoreTest, AFolderThatCannotBeMadeIsSaidWithItsName) {
  std::ofstream(folder_.file() + ".images") << "a file";
  try {
    store_.put(hash_of(one_), one_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.trouble(), Trouble::cannot_write);
    EXPECT_THAT(error.what(), testing::HasSubstr(store_.file_of(hash_of(one_))));
  }
}

TEST_F(ImageStoreTest, WhatTheRecordNamesIsCheckedAgainstWhatIsThere) {
  auto known = std::make_shared<Image>(*sample::image(1, "part1.bin"));
  known->sha256 = hash_of(one_);
  auto lost = std::make_shared<Image>(*sample::image(2, "part2.bin"));
  lost->sha256 = hash_of(other_);
  auto recipe = std::make_shared<Recipe>(*sample::recipe());
  recipe->images = {known, lost};
  {
    Store store(folder_.file(), "line-3", sample::run(), uuids_);
    AttemptStarted started = sample::started(2, 1);
    started.recipe = recipe;
    store.append(std::vector<Record>{sample::visit(1), started});
  }
  store_.put(hash_of(one_), one_);
  StoredImages found = check_images(folder_.file());
  EXPECT_EQ(found.sound, 1u);
  ASSERT_EQ(found.troubles.size(), 1u);
  EXPECT_EQ(found.troubles[0].name, "part2.bin");
  EXPECT_FALSE(found.troubles[0].altered);
  store_.put(hash_of(other_), other_);
  overwrite(hash_of(other_), one_);
  found = check_images(folder_.file());
  ASSERT_EQ(found.troubles.size(), 1u);
  EXPECT_TRUE(found.troubles[0].altered);

  const std::string digits = hex(hash_of(one_));
  ASSERT_EQ(images_named(folder_.file(), digits.substr(0, 6)).size(), 1u);
  EXPECT_EQ(images_named(folder_.file(), "part1.bin")[0].sha256, hash_of(one_));
  EXPECT_TRUE(images_named(folder_.file(), digits.substr(0, 3)).empty()) << "too few digits name nothing";
  EXPECT_TRUE(images_named(folder_.file(), "part3.bin").empty());
}

TEST_F(ImageStoreTest, AnotherStoreTakesOverWhatIsSound) {
  store_.put(hash_of(one_), one_);
  store_.put(hash_of(other_), other_);
  overwrite(hash_of(other_), one_);
  const ImageStore next(folder_.file("next.db"));
  next.take_over(store_);
  next.take_over(ImageStore(folder_.file("nothing.db")));
  EXPECT_TRUE(std::holds_alternative<Bytes>(next.get(hash_of(one_))));
  EXPECT_TRUE(std::holds_alternative<ImageStore::Missing>(next.get(hash_of(other_))));
}

}  // namespace
}  // namespace db

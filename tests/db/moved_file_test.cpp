// Files that are removed, moved or replaced under a writer: nothing is acknowledged that nobody would find.
#include <filesystem>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/error.h"
#include "db/reader.h"
#include "db/store.h"
#include "db/verify.h"
#include "tests/db/sample.h"

namespace db {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class MovedFile : public testing::Test {
 protected:
  MovedFile() {
    fs::create_directory(folder_.file("line"));
    store_.emplace(path_, "line-3", sample::run(), uuids_);
    store_->append(sample::visit(1));
  }

  // What append() throws; empty if it acknowledges.
  std::string refusal() {
    try {
      store_->append(sample::started(2, 1));
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.trouble(), Trouble::moved) << error.what();
      return error.what();
    }
  }

  sample::Folder folder_;
  std::string path_ = folder_.file("line/flashline.db");
  UuidGenerator uuids_;
  std::optional<Store> store_;
};

TEST_F(MovedFile, ARecordInItsPlaceIsWritten) {
  EXPECT_EQ(refusal(), "");
  EXPECT_NO_THROW(store_->check_in_place());
}

TEST_F(MovedFile, AFileThatWasEmptiedOrWrittenOverIsNoticed) {
  const auto cut = [](const std::string& file) { fs::resize_file(file, 0); };
  const auto write_over = [](const std::string& file) {
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary) << std::string(4096, '\0');
  };
  for (const bool emptied : {true, false}) {
    for (const char* suffix : {"", "-wal"}) {
      sample::Folder folder;
      const std::string path = folder.file();
      Store store(path, "line-3", sample::run(), uuids_);
      store.append(sample::visit(1));
      emptied ? cut(path + suffix) : write_over(path + suffix);
      EXPECT_THROW(store.append(sample::started(2, 1)), Error) << suffix << emptied;
      EXPECT_THROW(store.check_in_place(), Error) << suffix << emptied;
    }
  }
}

TEST_F(MovedFile, WhatAnotherProgramWritesIntoTheRecordIsNoticed) {
  SQLite::Database(path_, SQLite::OPEN_READWRITE).exec("CREATE TABLE theirs (a)");
  EXPECT_THAT(refusal(), HasSubstr("was changed by another program"));
}

TEST_F(MovedFile, EachOfItsFilesIsMissedWhenItIsRemoved) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    sample::Folder folder;
    const std::string path = folder.file();
    Store store(path, "line-3", sample::run(), uuids_);
    fs::remove(path + suffix);
    try {
      store.append(sample::visit(1));
      ADD_FAILURE() << "acknowledged without " << path << suffix;
    } catch (const Error& error) {
      EXPECT_EQ(error.trouble(), Trouble::moved);
      EXPECT_THAT(error.what(), HasSubstr(path + suffix + " was removed"));
    }
    EXPECT_THROW(store.check_in_place(), Error);
  }
}

TEST_F(MovedFile, ACopyInItsPlaceIsAnotherFile) {
  fs::rename(path_, path_ + ".aside");
  fs::copy_file(path_ + ".aside", path_);
  EXPECT_THAT(refusal(), HasSubstr(path_ + " was replaced by another file"));
}

TEST_F(MovedFile, AnEmptyFileInItsPlaceIsAnotherFile) {
  fs::remove(path_);
  std::ofstream(path_).flush();
  EXPECT_THAT(refusal(), HasSubstr("was replaced"));
}

TEST_F(MovedFile, AnotherWalInItsPlaceIsAnotherFile) {
  fs::rename(path_ + "-wal", path_ + "-aside");
  fs::copy_file(path_ + "-aside", path_ + "-wal");
  EXPECT_THAT(refusal(), HasSubstr("-wal was replaced"));
}

TEST_F(MovedFile, AMovedFolderIsMissedAndSoIsANewOneOfItsName) {
  fs::rename(folder_.file("line"), folder_.file("aside"));
  EXPECT_THAT(refusal(), HasSubstr("was removed or moved"));
  fs::create_directory(folder_.file("line"));
  { const Store other(path_, "line-4", sample::run(201), uuids_); }
  EXPECT_NE(refusal(), "") << "the -wal of the other record is gone again, or is another file";
}

TEST_F(MovedFile, PutBackItGoesOnAndNothingIsMissing) {
  fs::rename(folder_.file("line"), folder_.file("aside"));
  EXPECT_NE(refusal(), "");
  fs::rename(folder_.file("aside"), folder_.file("line"));
  EXPECT_EQ(refusal(), "");
  const Verification verified = verify_chain(path_);
  EXPECT_TRUE(verified.sound());
  EXPECT_EQ(verified.chains[0].last, store_->head());
  EXPECT_EQ(Reader(path_).attempts().size(), 1u);
}

TEST_F(MovedFile, ALinkToTheRecordIsTheRecord) {
  fs::create_symlink(path_, folder_.file("link.db"));
  store_.reset();
  store_.emplace(folder_.file("link.db"), "line-3", sample::run(201), uuids_);
  EXPECT_EQ(refusal(), "");
  fs::remove(path_);
  fs::remove(folder_.file("link.db"));
  EXPECT_THROW(store_->check_in_place(), Error);
}

}  // namespace
}  // namespace db

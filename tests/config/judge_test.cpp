#include "config/judge.h"

#include <gtest/gtest.h>

#include "tests/config/support.h"

namespace config {
namespace {

using testing::HasSubstr;

class Judge : public testing::Test {
 protected:
  void SetUp() override {
    const Folder folder;
    folder.write("part2.bin", build_module(system_part(2, 3)));
    folder.write("user.bin", build_module(user_part()));
    const RecipeResult result = load_recipe(folder.write("r.toml", R"([recipe]
name = "r"
[device]
profile = "photon"
[[step]]
name = "system-part2"
image = "part2.bin"
[[step]]
name = "user"
image = "user.bin"
)"));
    ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
    recipe = *result.recipe;
    survey = survey_of(recipe.profile.map);
  }

  dfu::SurveyResult survey_of(const std::string& map) const {
    dfu::SurveyResult out;
    out.map = dfu::parse_memory_map(map).value();
    out.transfer_size = 4096;
    out.can_upload = true;
    out.pieces.assign(recipe.layout.pieces.size(), dfu::Holds::other);
    return out;
  }

  dfu::Fault refusal(const dfu::SurveyResult& of) {
    const auto judged = judge(recipe, of);
    EXPECT_TRUE(std::holds_alternative<dfu::Fault>(judged));
    return std::holds_alternative<dfu::Fault>(judged) ? std::get<dfu::Fault>(judged) : dfu::Fault{};
  }
  std::size_t count(const dfu::Plan& plan, dfu::Operation::Kind kind) {
    return static_cast<std::size_t>(std::ranges::count(plan.operations, kind, &dfu::Operation::kind));
  }

  Recipe recipe;
  dfu::SurveyResult survey;
};

TEST_F(Judge, UnitOfTheRecipesKindGetsAPlan) {
  const auto judged = judge(recipe, survey);
  ASSERT_TRUE(std::holds_alternative<dfu::Plan>(judged));
  const auto& plan = std::get<dfu::Plan>(judged);
  EXPECT_EQ(count(plan, dfu::Operation::Kind::erase), 3u);
  EXPECT_GT(count(plan, dfu::Operation::Kind::read), 0u);
}

TEST_F(Judge, UnchangedPiecesAreSkippedOrRewrittenAsThePolicySays) {
  survey.pieces.assign(survey.pieces.size(), dfu::Holds::same);
  EXPECT_FALSE(std::get<dfu::Plan>(judge(recipe, survey)).writes());
  recipe.policy.unchanged = Unchanged::rewrite;
  EXPECT_TRUE(std::get<dfu::Plan>(judge(recipe, survey)).writes());
}

TEST_F(Judge, WaivedReadBackIsNotPlanned) {
  recipe.policy.verify = Verify::none;
  EXPECT_EQ(count(std::get<dfu::Plan>(judge(recipe, survey)), dfu::Operation::Kind::read), 0u);
}

TEST_F(Judge, UnitWithoutMemoryWhereAStepGoesIsRefused) {
  const dfu::Fault fault = refusal(survey_of("@Internal Flash /0x08000000/03*016Ka,01*016Kg,01*064Kg,03*128Kg"));
  EXPECT_EQ(fault.code, dfu::FaultCode::map_mismatch);
  EXPECT_EQ(fault.step, "system-part2");
  EXPECT_EQ(fault.address, std::optional(0x08080000u));
  EXPECT_THAT(fault.text, HasSubstr("This unit has no memory at 0x08080000"));
}

TEST_F(Judge, UnitWithOtherSectorsIsRefused) {
  const dfu::Fault fault = refusal(survey_of("@Internal Flash /0x08000000/03*016Ka,01*016Kg,01*064Kg,14*064Kg"));
  EXPECT_EQ(fault.code, dfu::FaultCode::map_mismatch);
  EXPECT_EQ(fault.address, std::optional(0x08060000u));
  EXPECT_THAT(fault.text, HasSubstr("has a sector from 0x08060000 to 0x08070000"));
  EXPECT_THAT(fault.text, HasSubstr("photon"));
}

TEST_F(Judge, EachRightThatIsMissingIsNamed) {
  // Types a-g are bits: 1 readable, 2 erasable, 4 writable.
  const std::pair<char, std::string> cases[] = {
      {'a', "erasing"}, {'e', "erasing"}, {'d', "erasing"}, {'c', "writing"}, {'f', "reading"}};
  for (const auto& [type, right] : cases) {
    const dfu::Fault fault = refusal(survey_of(
        std::string("@Internal Flash /0x08000000/03*016Ka,01*016Kg,01*064Kg,04*128Kg,01*128K") + type + ",02*128Kg"));
    EXPECT_EQ(fault.code, dfu::FaultCode::map_mismatch);
    EXPECT_EQ(fault.step, "user");
    EXPECT_EQ(fault.address, std::optional(0x080A0000u));
    EXPECT_THAT(fault.text, HasSubstr("does not allow " + right)) << type;
  }
}

TEST_F(Judge, SectorsThatNoStepUsesMayDiffer) {
  const auto judged = judge(recipe, survey_of("@Other /0x08000000/03*016Kg,01*016Kg,01*064Kg,05*128Kg,01*128Ka"));
  EXPECT_TRUE(std::holds_alternative<dfu::Plan>(judged));
}

TEST_F(Judge, UnitThatCannotBeReadIsRefusedUnlessTheRecipeWaivesIt) {
  survey.can_upload = false;
  const dfu::Fault fault = refusal(survey);
  EXPECT_EQ(fault.code, dfu::FaultCode::image_unfit) << "the recipe asks for what no such unit can give";
  EXPECT_THAT(fault.text, HasSubstr("verify = \"none\""));
  recipe.policy.verify = Verify::none;
  EXPECT_TRUE(std::holds_alternative<dfu::Plan>(judge(recipe, survey)));
}

TEST_F(Judge, PlainUnitMustBeReadableAfterManifestation) {
  recipe.profile.dialect = dfu::Dialect::dfu11;
  recipe.layout.steps.resize(1);
  std::erase_if(recipe.layout.pieces, [](const dfu::Piece& piece) { return piece.step != 0; });
  survey.pieces.resize(recipe.layout.pieces.size());
  EXPECT_EQ(refusal(survey).code, dfu::FaultCode::image_unfit);
  EXPECT_THAT(refusal(survey).text, HasSubstr("verify = \"none\""));
  survey.tolerant = true;
  EXPECT_GT(count(std::get<dfu::Plan>(judge(recipe, survey)), dfu::Operation::Kind::read), 0u);
  survey.can_upload = survey.tolerant = false;
  EXPECT_EQ(refusal(survey).code, dfu::FaultCode::image_unfit);
  recipe.policy.verify = Verify::none;
  EXPECT_EQ(count(std::get<dfu::Plan>(judge(recipe, survey)), dfu::Operation::Kind::read), 0u);
}

}  // namespace
}  // namespace config

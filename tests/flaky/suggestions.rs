//! What could be done about a flake, in the words of the tool at hand, whatever the test is called.

use landfall::analysis::{Policy, Purpose, Suggestion, TestFlakiness, flakiness, for_job, for_test};
use landfall::domain::{Retries, Text};
use proptest::prelude::{ProptestConfig, proptest};
use rstest::rstest;

use crate::executions::{now, reports, run};

fn named(classname: &str, name: &str, file: Option<&str>) -> TestFlakiness {
    let tests = reports(&["c1: x=P"]);
    let found = flakiness(&[], &tests, &Policy::default(), now()).tests.tests.remove(0);
    TestFlakiness { classname: classname.into(), name: name.into(), file: file.map(Text::from), ..found }
}

fn first(suggestions: &[Suggestion], purpose: Purpose) -> String {
    let found = suggestions.iter().find(|suggestion| suggestion.purpose == purpose);
    found.map(|suggestion| suggestion.text.clone()).unwrap_or_default()
}

#[rstest]
#[case::nextest(
    "shop::orders",
    "orders::adds",
    None,
    "cargo nextest run --retries 3 -E 'test(=orders::adds)'",
    "#[ignore = \"flaky\"]"
)]
#[case::rust_file(
    "",
    "adds",
    Some("src/orders.rs"),
    "cargo nextest run --retries 3 -E 'test(=adds)'",
    "#[ignore = \"flaky\"]"
)]
#[case::go(
    "acme.test/shop/orders",
    "TestAdds/of_two",
    None,
    "go test acme.test/shop/orders -count=10 -run '^TestAdds$/^of_two$'",
    "t.Skip(\"flaky\")"
)]
#[case::pytest_file(
    "tests.test_orders.TestCart",
    "test_adds[2]",
    Some("tests/test_orders.py"),
    "pytest --reruns 3 'tests/test_orders.py::TestCart::test_adds[2]'",
    "@pytest.mark.xfail(reason=\"flaky\", strict=False)"
)]
#[case::pytest_class(
    "tests.test_orders",
    "test_adds[2-x]",
    None,
    "pytest --reruns 3 -k test_adds",
    "@pytest.mark.xfail(reason=\"flaky\", strict=False)"
)]
#[case::vitest("src/cart.test.ts", "adds (two)", None, "npx vitest run --retry=3 -t 'adds \\(two\\)'", "test.skip")]
#[case::maven(
    "test.acme.shop.CartTest",
    "adds()[1]",
    None,
    "mvn test -Dsurefire.rerunFailingTestsCount=3 '-Dtest=test.acme.shop.CartTest#adds'",
    "@Disabled(\"flaky\")"
)]
#[case::rspec(
    "spec.models.cart_spec",
    "adds it",
    Some("./spec/models/cart_spec.rb"),
    "bundle exec rspec ./spec/models/cart_spec.rb --example='adds it'",
    "skip: \"flaky\""
)]
#[case::phpunit(
    "Tests\\Shop\\CartTest",
    "testAdds",
    None,
    "vendor/bin/phpunit --filter '/::testAdds$/'",
    "$this->markTestSkipped('flaky');"
)]
#[case::dot_net(
    "Acme.Shop.CartTests",
    "Adds(2)",
    None,
    "dotnet test --filter FullyQualifiedName=Acme.Shop.CartTests.Adds",
    "[Fact(Skip = \"flaky\")]"
)]
#[case::nobody_knows("Cart", "adds", None, "", "")]
#[case::nothing("", "", None, "", "")]
fn each_tool_has_its_words(
    #[case] classname: &str,
    #[case] name: &str,
    #[case] file: Option<&str>,
    #[case] again: &str,
    #[case] quarantine: &str,
) {
    let found = for_test(&named(classname, name, file));
    assert_eq!(first(&found, Purpose::RunAgain), again);
    assert_eq!(first(&found, Purpose::Quarantine), quarantine);
}

#[test]
fn a_shuffle_has_the_word_of_its_tool() {
    let words = [
        ("shop::orders", "orders::adds", "--shuffle"),
        ("acme.test/shop", "TestAdds", "-shuffle=on"),
        ("tests.test_orders", "test_adds", "--random-order"),
        ("src/cart.spec.js", "adds", "--sequence.shuffle"),
        ("test.acme.CartTest", "adds", "-Dsurefire.runOrder=random"),
        ("spec.cart_spec", "adds", "--order rand"),
        ("A\\B", "testAdds", "--order-by=random"),
    ];
    for (classname, name, word) in words {
        let found = first(&for_test(&named(classname, name, None)), Purpose::Shuffle);
        assert!(found.ends_with(word), "{found}");
    }
}

#[test]
fn a_job_is_tried_again_as_its_provider_does_it() {
    let again = |outcome, retries| {
        let run = run(7, 1, "c1", outcome);
        first(&for_job(Some(&run), retries), Purpose::RunAgain)
    };
    assert_eq!(again("failure", Retries::Runs), "gh run rerun 7 --failed --repo acme/shop");
    assert_eq!(again("success", Retries::Runs), "gh run rerun 7 --repo acme/shop", "nothing failed in the end");
    assert_eq!(again("failure", Retries::Jobs), "retry: 2");
    assert_eq!(first(&for_job(None, Retries::Runs), Purpose::RunAgain), "", "no run is known");
    assert_eq!(first(&for_job(None, Retries::Runs), Purpose::Quarantine), "continue-on-error: true");
    assert_eq!(first(&for_job(None, Retries::Jobs), Purpose::Quarantine), "allow_failure: true");
}

/// What a shell would see outside of quotes.
fn outside_quotes(text: &str) -> String {
    let mut outside = String::new();
    let mut quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '\\' => assert_eq!(chars.next(), Some('\''), "{text}"),
            c => outside.push(c),
        }
    }
    assert!(!quoted, "an open quote: {text}");
    outside
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn no_name_of_a_test_is_more_than_a_word_to_a_shell(
        classname in "(a::|a/|t\\.test_|x\\.Y|[A-Z]\\\\)?\\PC{0,12}",
        name in "(Test|test_|::)?[ -~\u{1b}\u{202e}\n]{0,16}",
        file in proptest::option::of("[ -~]{0,12}\\.(rs|go|py|ts|java|rb|php|cs)"),
    ) {
        for Suggestion { purpose, text, .. } in for_test(&named(&classname, &name, file.as_deref())) {
            assert!(!text.chars().any(char::is_control), "{text:?}");
            if purpose != Purpose::Quarantine {
                let plain = |c: char| c.is_ascii_alphanumeric() || " _./:@%+,=-".contains(c);
                assert!(outside_quotes(&text).chars().all(plain), "{text}");
            }
        }
    }
}

//! What the compiler says to a mistaken model, one file a mistake; and what it must accept in silence.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}

//! What the compiler says to a mistaken model, one file a mistake. What it must accept in silence are the programs in
//! `ui/pass`, tests of their own: `trybuild` only checks where nothing must run, in one call of the compiler's driver.

use std::fs;

#[test]
fn messages() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}

#[test]
fn every_program_that_must_be_accepted_is_a_test() {
    let manifest = fs::read_to_string("Cargo.toml").expect("tests run where their manifest is");
    for file in fs::read_dir("ui/pass").expect("the folder is there") {
        let path = file.expect("the folder can be read").path();
        let declared = format!("path = \"{}\"", path.display());
        assert!(manifest.contains(&declared), "no [[test]] of Cargo.toml has {declared}");
    }
}

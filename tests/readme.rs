//! The README is short, and its second program is the example of that name.

#[test]
fn the_second_program_is_the_example() {
    let (readme, example) = (include_str!("../README.md"), include_str!("../examples/from_csv.rs"));
    let program = &example[example.find("use hierarch").expect("it uses the crate")..];
    assert!(readme.contains(program), "README.md does not hold examples/from_csv.rs as it is");
    assert!(readme.lines().count() <= 180, "README.md has {} lines", readme.lines().count());
}

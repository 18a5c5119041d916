//! JSON as Python writes and reads it, with names for numbers that are not finite.

use crate::arviz::data::{Coordinate, InferenceData, Variable};
use std::fmt::Write as _;
use std::io::{self, Write};

/// A number, with all digits.
pub(super) fn number(x: f64) -> String {
    if x.is_nan() {
        "NaN".to_owned()
    } else if x.is_infinite() {
        if x > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{x:?}")
    }
}

/// A string in quotes.
pub(super) fn string(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => _ = write!(out, "\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub(super) fn write(data: &InferenceData, out: &mut dyn Write) -> io::Result<()> {
    let InferenceData { groups, coordinates, attributes, .. } = data;
    writeln!(out, "{{")?;
    for group in groups {
        writeln!(out, "{}: {{", string(group.name))?;
        for (k, variable) in group.variables.iter().enumerate() {
            write!(out, "{}{}: ", if k > 0 { ",\n" } else { "" }, string(&variable.name))?;
            array(variable, out)?;
        }
        writeln!(out, "\n}},")?;
    }
    let coordinate = |Coordinate { dim, values }: &Coordinate| format!("{}: [{}]", string(dim), values.join(", "));
    writeln!(out, "\"coords\": {{{}}},", joined(coordinates.iter().map(coordinate)))?;
    let variables = groups.iter().flat_map(|group| &group.variables);
    // the log likelihood of a vector has fewer dimensions than the vector, which stands in another group
    let mut dims: Vec<&Variable> = Vec::new();
    for variable in variables {
        match dims.iter_mut().find(|known| known.name == variable.name) {
            Some(known) if known.dims.len() < variable.dims.len() => *known = variable,
            Some(_) => {}
            None => dims.push(variable),
        }
    }
    let listed = |variable: &&Variable| {
        let names = joined(variable.dims.iter().map(|dim| string(dim)));
        format!("{}: [{names}]", string(&variable.name))
    };
    writeln!(out, "\"dims\": {{{}}},", joined(dims.iter().map(listed)))?;
    let attribute = |(name, value): &(&str, String)| format!("{}: {value}", string(name));
    writeln!(out, "\"sample_stats_attrs\": {{{}}},", joined(attributes.iter().map(attribute)))?;
    let version = string(env!("CARGO_PKG_VERSION"));
    writeln!(out, "\"attrs\": {{\"inference_library\": \"hierarch\", \"inference_library_version\": {version}}}\n}}")
}

fn joined(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<_>>().join(", ")
}

/// The numbers in nested lists.
fn array(variable: &Variable, out: &mut dyn Write) -> io::Result<()> {
    let Variable { shape, values, .. } = variable;
    let strides: Vec<usize> = (0..shape.len()).map(|k| shape[k..].iter().product()).collect();
    if values.is_empty() {
        return write!(out, "[]");
    }
    for (at, value) in values.iter().enumerate() {
        let opening = strides.iter().filter(|stride| at % **stride == 0).count();
        let closing = strides.iter().filter(|stride| (at + 1) % **stride == 0).count();
        let comma = if at > 0 { ", " } else { "" };
        write!(out, "{comma}{}{}{}", "[".repeat(opening), number(*value), "]".repeat(closing))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_json() {
        assert_eq!(string("a \"b\" \\ \n é"), r#""a \"b\" \\ \u000a é""#);
        assert_eq!([0.1, f64::NAN, f64::NEG_INFINITY, 1e300].map(number), ["0.1", "NaN", "-Infinity", "1e300"]);
    }

    #[test]
    fn arrays_are_nested_by_their_shape() {
        let values = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let variable = Variable { name: "x".into(), dims: Vec::new(), shape: vec![1, 3, 2], values };
        let mut out = Vec::new();
        array(&variable, &mut out).expect("memory does not fail");
        assert_eq!(String::from_utf8(out).expect("plain text"), "[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]");
    }
}

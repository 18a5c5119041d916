//! The coordinate of a support of numbers: the maps invert each other, and have the right log-Jacobian and derivatives.

use crate::testing::erased::Coordinate;
use crate::testing::pair::{PairCheck, pairs};
use crate::testing::point::{is_edge, with};

/// Checks the support's maps at coordinate and parameters `args`. The complaint, if it fails.
pub(super) fn check(density: &dyn Coordinate, args: &[f64]) -> Result<(), String> {
    let (x, ln_jacobian) = density.constrain(args);
    let inside = with(x, &args[1..]);
    if !density.contains(&inside) {
        return if is_edge(density, &inside) {
            Ok(())
        } else {
            Err(format!("constrain() gives {x}, which contains() refuses"))
        };
    }
    let back = density.unconstrain(&args[1..], x);
    let (at, _) = density.constrain_first(args, [0, usize::MAX]);
    // The rounding of x, seen from u.
    let rounding = 4.0 * f64::EPSILON * (x.abs() + 1.0) / at.first[0].abs();
    if (back - args[0]).abs() > 1e-8 * (1.0 + args[0].abs()) + rounding.max(0.0) * 4.0 {
        return Err(format!("unconstrain(constrain(u)) is {back}"));
    }
    let slope = at.first[0].abs().ln();
    if (ln_jacobian - slope).abs() > 1e-8 * (1.0 + slope.abs()) {
        return Err(format!("the log-Jacobian is {ln_jacobian}, but ln |dx/du| is {slope}"));
    }
    let value = PairCheck {
        what: "the value of constrain()",
        plain: &|a| density.constrain(a).0,
        first: &|a, pair| density.constrain_first(a, pair).0,
    };
    let ln_jacobian = PairCheck {
        what: "the log-Jacobian",
        plain: &|a| density.constrain(a).1,
        first: &|a, pair| density.constrain_first(a, pair).1,
    };
    for pair in pairs(0, args.len()) {
        let second = density.constrain_second(args, pair);
        value.check(args, pair, &second.0)?;
        ln_jacobian.check(args, pair, &second.1)?;
    }
    Ok(())
}

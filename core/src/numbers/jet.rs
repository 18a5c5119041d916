//! Jets: the derivatives of a function of plain numbers, joined to arguments of any algebra.
//!
//! With f_i = d f / d arg i and f_ij = d2 f / d arg i d arg j, the chain rule is
//!
//! ```text
//! d f = sum_i f_i d arg_i
//! d2 f = sum_i (f_i d2 arg_i + f_ii d arg_i d arg_i') + sum_{j < i} f_ij (d arg_i d arg_j' + d arg_j d arg_i')
//! ```

use crate::numbers::number::{Number, Real};
use crate::numbers::param::Param;

/// A function's value and its partial derivatives with respect to its `A` arguments, all at one point.
///
/// A distribution of closed form fills one with plain `f64` arithmetic and [joins](Args::join) it to its arguments;
/// what no argument asks for is removed by the compiler.
#[derive(Clone, Copy, Debug)]
pub struct Jet<const A: usize> {
    /// The function.
    pub value: f64,
    /// `first[i]` = d f / d arg i.
    pub first: [f64; A],
    /// `second[i][j]` = d2 f / d arg i d arg j; only `j <= i` is read.
    pub second: [[f64; A]; A],
}

/// A tuple of arguments, to which a [`Jet`] is joined by the chain rule.
pub trait Args<N: Number, const A: usize> {
    /// The number whose value and derivatives are the jet's, chained through the arguments' own.
    fn join(self, jet: &Jet<A>) -> Real<N>;
}

/// Joins, unless the jet's value is -inf or NaN: then there is no mass, and nothing to differentiate.
#[inline(always)]
pub(crate) fn join_mass<N: Number, const A: usize>(args: impl Args<N, A>, jet: &Jet<A>) -> Real<N> {
    if jet.value > f64::NEG_INFINITY { args.join(jet) } else { Real::constant(f64::NEG_INFINITY) }
}

macro_rules! args {
    ($a:literal: $($p:ident $i:tt),*; $($row:tt $col:tt),*) => {
        impl<N: Number, $($p: Param<N>),*> Args<N, $a> for ($($p,)*) {
            #[inline(always)]
            fn join(self, jet: &Jet<$a>) -> Real<N> {
                let mut out = N::constant(jet.value);
                let args = ($(self.$i.varying().map(N::settled),)*);
                if N::ORDER >= 1 {
                    // the first without adding to zeros, which a compiler may not leave out
                    let mut is_first = true;
                    $(if let Some(arg) = args.$i {
                        if is_first {
                            out = arg.chain(jet.value, jet.first[$i], 0.0);
                            is_first = false;
                        } else {
                            out.add_partial(arg, jet.first[$i]);
                        }
                    })*
                    let _ = is_first;
                }
                if N::ORDER >= 2 {
                    $(if let Some(arg) = args.$i {
                        out.add_square(arg, jet.second[$i][$i]);
                    })*
                    $(if let (Some(a), Some(b)) = (args.$row, args.$col) {
                        out.add_cross(a, b, jet.second[$row][$col]);
                    })*
                }
                Real(out)
            }
        }
    };
}
args!(1: P0 0; );
args!(2: P0 0, P1 1; 1 0);
args!(3: P0 0, P1 1, P2 2; 1 0, 2 0, 2 1);
args!(4: P0 0, P1 1, P2 2, P3 3; 1 0, 2 0, 2 1, 3 0, 3 1, 3 2);

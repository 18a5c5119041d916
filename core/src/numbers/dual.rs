//! Forward-mode derivatives: [`Dual`] carries `K` first derivatives, [`Dual2`] the second ones as well.
//!
//! Rules (Griewank & Walther 2008), with f' the partial of a function of arguments a, b:
//! d f = f_a d a + f_b d b;  d2 f = f_a d2 a + f_b d2 b + f_aa d a d a' + f_ab (d a d b' + d b d a') + f_bb d b d b'.

use crate::numbers::number::Number;

/// A value and `K` first derivatives ("lanes").
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual<const K: usize> {
    value: f64,
    partials: [f64; K],
}

/// A value, `K` first derivatives and the second ones, a packed lower triangle of `T = K (K + 1) / 2`:
/// row by row, (0,0), (1,0), (1,1), (2,0)...
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual2<const K: usize, const T: usize> {
    value: f64,
    partials: [f64; K],
    triangle: [f64; T],
}

/// A number with lanes that can be seeded and read.
pub trait Lanes: Number {
    /// How many lanes.
    const WIDTH: usize;
    /// The independent variable of lane `lane`.
    fn variable(value: f64, lane: usize) -> Self;
    /// First derivatives, one a lane.
    fn partials(&self) -> &[f64];
    /// Second derivatives, packed lower triangle; empty for first-order numbers.
    fn triangle(&self) -> &[f64];
}

/// How many lanes a part of a model is differentiated with: implemented by [`Width<1>`](Width) to `Width<8>`.
pub trait LaneWidth: Send + Sync + 'static {
    /// First derivatives of that many lanes.
    type First: Lanes;
    /// First and second derivatives of that many lanes.
    type Second: Lanes;
}

/// `K` lanes at once. A block of latents that is wider is differentiated in chunks of `K`.
#[derive(Clone, Copy, Debug)]
pub struct Width<const K: usize>;

macro_rules! widths {
    ($($k:literal)*) => {$(
        impl LaneWidth for Width<$k> {
            type First = Dual<$k>;
            type Second = Dual2<$k, { $k * ($k + 1) / 2 }>;
        }
    )*};
}
widths!(1 2 3 4 5 6 7 8);

impl<const K: usize> Default for Dual<K> {
    fn default() -> Self {
        Self::constant(0.0)
    }
}

impl<const K: usize> Number for Dual<K> {
    const ORDER: usize = 1;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self { value, partials: [0.0; K] }
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self.value
    }
    #[inline(always)]
    fn shift(mut self, shift: f64) -> Self {
        self.value += shift;
        self
    }
    #[inline(always)]
    fn chain(mut self, f: f64, first: f64, _: f64) -> Self {
        self.value = f;
        for p in &mut self.partials {
            *p *= first;
        }
        self
    }
    #[inline(always)]
    fn add_partial(&mut self, arg: Self, partial: f64) {
        add_scaled(&mut self.partials, &arg.partials, partial);
    }
    #[inline(always)]
    fn add_square(&mut self, _: Self, _: f64) {}
    #[inline(always)]
    fn add_cross(&mut self, _: Self, _: Self, _: f64) {}
}

impl<const K: usize> Lanes for Dual<K> {
    const WIDTH: usize = K;

    #[inline(always)]
    fn variable(value: f64, lane: usize) -> Self {
        Self { value, partials: unit(lane) }
    }
    #[inline(always)]
    fn partials(&self) -> &[f64] {
        &self.partials
    }
    #[inline(always)]
    fn triangle(&self) -> &[f64] {
        &[]
    }
}

impl<const K: usize, const T: usize> Default for Dual2<K, T> {
    fn default() -> Self {
        Self::constant(0.0)
    }
}

impl<const K: usize, const T: usize> Number for Dual2<K, T> {
    const ORDER: usize = 2;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        const { assert!(T == K * (K + 1) / 2, "the triangle of Dual2<K, T> has K (K + 1) / 2 entries") };
        Self { value, partials: [0.0; K], triangle: [0.0; T] }
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self.value
    }
    #[inline(always)]
    fn shift(mut self, shift: f64) -> Self {
        self.value += shift;
        self
    }
    #[inline(always)]
    fn chain(mut self, f: f64, first: f64, second: f64) -> Self {
        let arg = self;
        self.value = f;
        for p in &mut self.partials {
            *p *= first;
        }
        for p in &mut self.triangle {
            *p *= first;
        }
        if second != 0.0 {
            self.add_square(arg, second);
        }
        self
    }
    #[inline(always)]
    fn add_partial(&mut self, arg: Self, partial: f64) {
        add_scaled(&mut self.partials, &arg.partials, partial);
        add_scaled(&mut self.triangle, &arg.triangle, partial);
    }
    #[inline(always)]
    fn add_first(&mut self, arg: Self, partial: f64) {
        add_scaled(&mut self.partials, &arg.partials, partial);
    }
    #[inline(always)]
    fn add_square(&mut self, a: Self, partial: f64) {
        let mut at = 0;
        for row in 0..K {
            let scaled = partial * a.partials[row];
            for col in 0..=row {
                self.triangle[at] += scaled * a.partials[col];
                at += 1;
            }
        }
    }
    #[inline(always)]
    fn add_cross(&mut self, a: Self, b: Self, partial: f64) {
        let mut at = 0;
        for row in 0..K {
            for col in 0..=row {
                self.triangle[at] += partial * (a.partials[row] * b.partials[col] + b.partials[row] * a.partials[col]);
                at += 1;
            }
        }
    }
}

impl<const K: usize, const T: usize> Lanes for Dual2<K, T> {
    const WIDTH: usize = K;

    #[inline(always)]
    fn variable(value: f64, lane: usize) -> Self {
        Self { partials: unit(lane), ..Self::constant(value) }
    }
    #[inline(always)]
    fn partials(&self) -> &[f64] {
        &self.partials
    }
    #[inline(always)]
    fn triangle(&self) -> &[f64] {
        &self.triangle
    }
}

/// The unit vector of that lane, made by comparison: a single store into it would stall the vector load that follows.
#[inline(always)]
fn unit<const K: usize>(lane: usize) -> [f64; K] {
    std::array::from_fn(|k| if k == lane { 1.0 } else { 0.0 })
}

#[inline(always)]
fn add_scaled<const K: usize>(to: &mut [f64; K], from: &[f64; K], factor: f64) {
    for (t, f) in to.iter_mut().zip(from) {
        *t += factor * f;
    }
}

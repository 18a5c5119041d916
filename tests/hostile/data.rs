//! Data sets that are drawn: the same for the same number.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// One observation, of which a model takes what it needs.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) seen: Option<f64>,
    pub(crate) count: u64,
    pub(crate) of: u64,
    pub(crate) exposure: f64,
    pub(crate) is: bool,
    /// An index, below [`KINDS`].
    pub(crate) kind: usize,
    pub(crate) pair: [f64; 2],
}

/// How many kinds of observations there are.
pub(crate) const KINDS: usize = 3;

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) points: Vec<Point>,
    /// A standard error, or a bound.
    pub(crate) scale: f64,
    pub(crate) z: f64,
}

/// A data set, and what else a model is tried with.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) groups: Vec<Group>,
    /// A constant of the model: the scale of a prior.
    pub(crate) wide: f64,
    /// A task that is not among them.
    pub(crate) new: Group,
    pub(crate) rng: Rng,
}

/// What random numbers come from.
pub(crate) type Rng = ChaCha8Rng;

/// What the numbers of a column are like.
#[derive(Clone, Copy)]
enum Nature {
    Tame,
    /// All the same.
    Equal(f64),
    /// Tame but for one in so many.
    Spoilt(f64, u32),
    /// Of sizes that have nothing to do with each other.
    Wild,
}

const ODD: [f64; 18] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    5e-324,
    -1e-310,
    f64::MIN_POSITIVE,
    1e-300,
    1e-16,
    1.0,
    -1.0,
    1e16,
    1e154,
    -1e155,
    1e300,
    1e308,
    f64::MIN,
];

const COUNTS: [u64; 8] = [0, 1, 2, 1000, 1 << 33, 1 << 53, u64::MAX - 1, u64::MAX];

impl Nature {
    fn draw(rng: &mut Rng) -> Self {
        let odd = ODD[rng.random_range(0..ODD.len())];
        match rng.random_range(0..12) {
            0 => Self::Equal(odd),
            1 | 2 => Self::Spoilt(odd, rng.random_range(1..8)),
            3 => Self::Wild,
            _ => Self::Tame,
        }
    }

    fn number(self, rng: &mut Rng) -> f64 {
        let tame: f64 = rng.sample(StandardNormal);
        match self {
            Self::Tame => tame,
            Self::Equal(value) => value,
            Self::Spoilt(value, one_in) => {
                if rng.random_range(0..one_in) == 0 {
                    value
                } else {
                    tame
                }
            }
            Self::Wild if rng.random_range(0..4) == 0 => ODD[rng.random_range(0..ODD.len())],
            Self::Wild => tame * 10.0_f64.powi(rng.random_range(-320..309)),
        }
    }

    /// Above 0 where the nature allows.
    fn positive(self, rng: &mut Rng) -> f64 {
        let number = self.number(rng);
        if matches!(self, Self::Tame) { number.exp() } else { number }
    }

    fn count(self, rng: &mut Rng) -> u64 {
        let tame = rng.random_range(0..6);
        match self {
            Self::Tame => tame,
            Self::Equal(value) => {
                let at = ODD.iter().position(|odd| odd.to_bits() == value.to_bits());
                COUNTS[at.expect("it is one of the odd") % COUNTS.len()]
            }
            Self::Spoilt(_, one_in) if rng.random_range(0..one_in) > 0 => tame,
            Self::Spoilt(..) | Self::Wild => COUNTS[rng.random_range(0..COUNTS.len())],
        }
    }
}

/// What each column of a set is like.
struct Natures {
    x: Nature,
    y: Nature,
    count: Nature,
    of: Nature,
    exposure: Nature,
    scale: Nature,
    /// The observations are what x says without exception.
    is_separated: bool,
    is_positive: bool,
}

impl Natures {
    fn point(&self, rng: &mut Rng) -> Point {
        let (x, tame) = (self.x.number(rng), rng.random_range(0..KINDS));
        let y = if self.is_positive { self.y.positive(rng) } else { self.y.number(rng) };
        let (of, count) = (self.of.count(rng), self.count.count(rng));
        let count = if rng.random_range(0..20) > 0 { count.min(of) } else { count };
        let is = if self.is_separated { x > 0.0 } else { rng.random() };
        Point {
            x,
            y,
            seen: rng.random_bool(0.7).then_some(y),
            count: if self.is_separated && x > 0.0 { of } else { count },
            of,
            exposure: self.exposure.positive(rng),
            is,
            kind: tame,
            pair: [y, self.y.number(rng)],
        }
    }

    fn group(&self, rng: &mut Rng) -> Group {
        let points = (0..rng.random_range(0..5)).map(|_| self.point(rng)).collect();
        Group { points, scale: self.scale.positive(rng), z: self.x.number(rng) }
    }
}

impl Set {
    pub(crate) fn new(number: u64) -> Self {
        let mut rng = Rng::seed_from_u64(number);
        // half of all sets are tame, so that options have their say
        let is_tame: bool = rng.random();
        let mut nature = || if is_tame { Nature::Tame } else { Nature::draw(&mut rng) };
        let [x, y, count, of, exposure, scale, wide] = std::array::from_fn(|_| nature());
        let (is_separated, is_positive) = (rng.random_bool(0.2), rng.random());
        let natures = Natures { x, y, count, of, exposure, scale, is_separated, is_positive };
        let tasks = [0, 1, 1, 2, 3, 4, 6][rng.random_range(0..7)];
        let groups = (0..tasks).map(|_| natures.group(&mut rng)).collect();
        let tame = Natures { x: Nature::Tame, y: Nature::Tame, scale: Nature::Tame, ..natures };
        let new = if rng.random() { natures_of_new(&tame, &mut rng) } else { tame.group(&mut rng) };
        Self { groups, wide: wide.positive(&mut rng), new, rng }
    }
}

/// A task of a nature of its own, whatever those of the fit are.
fn natures_of_new(like: &Natures, rng: &mut Rng) -> Group {
    let [x, y, count, of, exposure, scale] = std::array::from_fn(|_| Nature::draw(rng));
    let Natures { is_separated, is_positive, .. } = *like;
    Natures { x, y, count, of, exposure, scale, is_separated, is_positive }.group(rng)
}

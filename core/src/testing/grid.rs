//! The distribution function of a coordinate, by quadrature of its density.

/// The density of a coordinate, on nodes u = centre + scale sinh(pi/2 sinh t) around its highest point.
pub(super) struct Grid {
    pub(super) centre: f64,
    pub(super) scale: f64,
    u: Vec<f64>,
    /// Integral up to each node.
    cumulated: Vec<f64>,
}

impl Grid {
    pub(super) fn new(ln_density: impl Fn(f64) -> f64) -> Self {
        let Peak { centre, scale } = highest(&ln_density);
        let step = 2e-4;
        let (mut u, mut cumulated, mut sum) = (vec![], vec![], 0.0);
        for k in -30_000..=30_000 {
            let t = step * f64::from(k);
            let inner = std::f64::consts::FRAC_PI_2 * t.sinh();
            let weight = step * scale * std::f64::consts::FRAC_PI_2 * t.cosh() * inner.cosh();
            let at = centre + scale * inner.sinh();
            let share = ln_density(at).exp() * weight;
            if share > 0.0 {
                sum += share;
                u.push(at);
                cumulated.push(sum - 0.5 * share);
            }
        }
        Self { centre, scale, u, cumulated }
    }

    pub(super) fn total(&self) -> f64 {
        self.cumulated.last().copied().unwrap_or(0.0)
    }

    /// A bound on what lies beyond the outermost nodes, where points round to an end of the support: what lies within
    /// three scales of them. All but 0 unless the density is singular at that end.
    pub(super) fn beyond(&self) -> f64 {
        let (Some(first), Some(last)) = (self.u.first(), self.u.last()) else { return 0.0 };
        let width = 3.0 * self.scale;
        self.below(first + width) + self.total() - self.below(last - width)
    }

    /// Integral up to `u`.
    pub(super) fn below(&self, u: f64) -> f64 {
        let at = self.u.partition_point(|&node| node < u);
        if at == 0 {
            return 0.0;
        }
        if at == self.u.len() {
            return self.total();
        }
        let share = (u - self.u[at - 1]) / (self.u[at] - self.u[at - 1]);
        self.cumulated[at - 1] + share * (self.cumulated[at] - self.cumulated[at - 1])
    }
}

/// Where a density is highest, and how far from there it has fallen by a factor e.
struct Peak {
    centre: f64,
    scale: f64,
}

fn highest(ln_density: &impl Fn(f64) -> f64) -> Peak {
    let mut centre = 0.0;
    let mut best = ln_density(centre);
    let mut consider = |u: f64, centre: &mut f64| {
        let value = ln_density(u);
        if value > best {
            (best, *centre) = (value, u);
            return true;
        }
        false
    };
    for k in -4_000..=4_000 {
        consider((0.004 * f64::from(k)).sinh(), &mut centre);
    }
    let mut step = 1.0 + centre.abs();
    while step > 1e-9 * (1.0 + centre.abs()) {
        let moved = consider(centre + step, &mut centre) || consider(centre - step, &mut centre);
        step *= if moved { 1.5 } else { 0.5 };
    }
    let mut scale = 1e-9 * (1.0 + centre.abs());
    let fallen = |s: f64| ln_density(centre + s) < best - 1.0 || ln_density(centre - s) < best - 1.0;
    while !fallen(scale) && scale < 1e9 {
        scale *= 1.2;
    }
    Peak { centre, scale }
}

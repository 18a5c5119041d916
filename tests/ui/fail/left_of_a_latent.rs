use hierarch::prelude::*;

pub struct Row {
    pub x: f32,
    pub count: u32,
    pub y: f64,
}

model! {
    Mistaken(rows: &[Row]) {
        a ~ Normal(0.0, 1.0);
        b ~ Normal(0.0, 1.0);
        for row in rows {
            row.y ~ Normal(row.x * a + row.count * b, 1.0);
        }
    }
}

/// Literals have but one type there.
fn computed<N: Number>(a: Real<N>) -> Real<N> {
    let half = 0.5;
    (half * a).exp() + (2 * a).sqrt() + [1.0, 2.0].iter().map(|x| (x * a).exp()).sum::<Real<N>>()
}

fn main() {}

#![deny(deprecated)]

use hierarch::prelude::*;

pub struct Row {
    pub teacher: usize,
    pub student: usize,
    pub x: Vec<f64>,
    pub y: f64,
}

model! {
    /// By index, as in Stan.
    ByGroup(ys: &[f64], group: &[usize], n: usize) {
        mu ~ Normal(0.0, 1.0);
        tau ~ HalfNormal(1.0);
        a[_ in 0..n] ~ Normal(mu, tau);
        for i in 0..ys.len() {
            ys[i] ~ Normal(a[group[i]], 1.0);
        }
    }
}

model! {
    /// Eight schools, as in Stan.
    ByTurn(ys: &[f64]) {
        mu ~ Normal(0.0, 1.0);
        let sd = mu.exp();
        theta[_ in 0..ys.len()] ~ Normal(mu, sd);
        for (i, y) in ys.iter().enumerate() {
            y ~ Normal(theta[i], 1.0);
        }
    }
}

model! {
    /// Crossed effects: one of them is the plate.
    Crossed(rows: &[Row], students: usize, teachers: usize) {
        tau ~ HalfNormal(1.0);
        student[_ in 0..students] ~ Normal(0.0, tau);
        teacher[_ in 0..teachers] ~ Normal(0.0, tau);
        for row in rows {
            let teacher = teacher[row.teacher];
            row.y ~ Normal(student[row.student] + teacher, 1.0);
        }
    }
}

model! {
    /// In the plate of students.
    InPlate(students: &[Vec<Row>], teachers: usize) {
        tau ~ HalfNormal(1.0);
        teacher[_ in 0..teachers] ~ Normal(0.0, tau);
        for rows in students {
            student ~ Normal(0.0, tau);
            for row in rows {
                row.y ~ Normal(student + teacher[row.teacher], 1.0);
            }
        }
    }
}

model! {
    /// It is meant.
    Meant(rows: &[Row], n: usize) {
        tau ~ HalfNormal(1.0);
        #[not_a_plate]
        a[_ in 0..n] ~ Normal(0.0, tau);
        for row in rows {
            row.y ~ Normal(a[row.student], 1.0);
        }
    }
}

model! {
    /// Constants above: effects of kinds, not of groups.
    Fixed(rows: &[Row]) {
        a[_ in 0..3] ~ Normal(0.0, 1.0);
        for row in rows {
            row.y ~ Normal(a[row.teacher], 1.0);
        }
    }
}

model! {
    /// Coefficients that shrink.
    Coefficients(rows: &[Row]) {
        tau ~ HalfNormal(1.0);
        beta[_ in 0..3] ~ Normal(0.0, tau);
        for row in rows {
            let mut eta = Real::constant(0.0);
            for (k, x) in row.x.iter().enumerate() {
                eta += beta[k] * x;
            }
            row.y ~ Normal(eta, 1.0);
        }
    }
}

model! {
    /// A game has two players.
    Games(rows: &[Row], n: usize) {
        tau ~ HalfNormal(1.0);
        skill[_ in 0..n] ~ Normal(0.0, tau);
        for row in rows {
            row.y ~ Normal(skill[row.student] - skill[row.teacher], 1.0);
        }
    }
}

model! {
    /// A chain.
    Walk(ys: &[f64]) {
        step ~ HalfNormal(1.0);
        level[t in 0..ys.len()] ~ Normal(if t == 0 { Real::constant(0.0) } else { level[t - 1] }, step);
        for (t, y) in ys.iter().enumerate() {
            y ~ Normal(level[t], 0.5);
        }
    }
}

fn main() {}

//! Measures benchmarks: contenders run alternately, and the result is the median of the ratios of their rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Number of rounds.
const ROUNDS: usize = 41;
/// A contender repeats its run in each round until that takes this long, so that the resolution of the clock is irrelevant.
const ROUND: Duration = Duration::from_millis(20);

/// A function to measure, with its name.
pub struct Contender<'a> {
    pub name: &'static str,
    pub run: Box<dyn Fn() + 'a>,
}

pub fn contender<'a, T>(name: &'static str, run: impl Fn() -> T + 'a) -> Contender<'a> {
    Contender { name, run: Box::new(move || drop(black_box(run()))) }
}

/// The times of a contender and the allocations of one run.
pub struct Figure {
    pub name: &'static str,
    /// Nanoseconds of one run, in each round.
    rounds: Vec<f64>,
    pub allocations: u64,
}

impl Figure {
    /// Returns the median of the ratios to another contender in the same round, and half of their interquartile range as a share of
    /// it. A change of the machine's speed from round to round affects both.
    fn ratio(&self, base: &Self) -> (f64, f64) {
        let mut ratios: Vec<f64> = self.rounds.iter().zip(&base.rounds).map(|(own, base)| own / base).collect();
        ratios.sort_by(f64::total_cmp);
        let (median, quarter) = (ratios[ROUNDS / 2], ROUNDS / 4);
        (median, (ratios[ROUNDS - 1 - quarter] - ratios[quarter]) / (2.0 * median))
    }
}

/// Measures all contenders alternately. Each round starts with another one.
pub fn measure(contenders: &[Contender<'_>]) -> Vec<Figure> {
    let repeats: Vec<u32> = contenders.iter().map(|c| calibrate(&c.run)).collect();
    let mut rounds = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for round in 0..ROUNDS {
        for i in (0..contenders.len()).map(|i| (i + round) % contenders.len()) {
            let start = Instant::now();
            (0..repeats[i]).for_each(|_| (contenders[i].run)());
            rounds[i].push(start.elapsed().as_nanos() as f64 / f64::from(repeats[i]));
        }
    }
    let figures = contenders.iter().zip(rounds).map(|(contender, rounds)| {
        let allocations = allocation_counter::measure(|| (contender.run)()).count_total;
        Figure { name: contender.name, rounds, allocations }
    });
    figures.collect()
}

fn calibrate(run: &dyn Fn()) -> u32 {
    let mut repeats = 1;
    loop {
        let start = Instant::now();
        (0..repeats).for_each(|_| run());
        if start.elapsed() >= ROUND {
            return repeats;
        }
        repeats *= 2;
    }
}

/// Prints a table of ratios to the contender `base`.
pub fn print(title: &str, figures: &[Figure], base: &str) {
    let Some(unit) = figures.iter().find(|figure| figure.name == base) else { return };
    println!("\n{title}\n");
    println!("| contender | time, as a multiple of `{base}` | spread | allocations |");
    println!("| --- | ---: | ---: | ---: |");
    for figure in figures {
        let (ratio, spread) = figure.ratio(unit);
        println!("| {:<44} | {ratio:>5.2} | ±{:>2.0} % | {:>7} |", figure.name, spread * 100.0, figure.allocations);
    }
}

//! Measures benchmarks: contenders run alternately, and the result is the ratio of the medians of their rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Number of rounds.
const ROUNDS: usize = 21;
/// A round is repeated until it takes this long, so that the resolution of the clock is irrelevant.
const ROUND: Duration = Duration::from_millis(20);

/// A function to measure, with its name.
pub struct Contender<'a> {
    pub name: &'static str,
    pub run: Box<dyn Fn() + 'a>,
}

pub fn contender<'a, T>(name: &'static str, run: impl Fn() -> T + 'a) -> Contender<'a> {
    Contender { name, run: Box::new(move || drop(black_box(run()))) }
}

/// Median time, spread (interquartile range, relative to the median) and allocations of one run.
pub struct Figure {
    pub name: &'static str,
    pub nanos: f64,
    pub spread: f64,
    pub allocations: u64,
}

/// Measures all contenders alternately.
pub fn measure(contenders: &[Contender<'_>]) -> Vec<Figure> {
    let repeats: Vec<u32> = contenders.iter().map(|c| calibrate(&c.run)).collect();
    let mut rounds = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (i, contender) in contenders.iter().enumerate() {
            let start = Instant::now();
            (0..repeats[i]).for_each(|_| (contender.run)());
            rounds[i].push(start.elapsed().as_nanos() as f64 / f64::from(repeats[i]));
        }
    }
    let figures = contenders.iter().zip(rounds).map(|(contender, mut times)| {
        times.sort_by(f64::total_cmp);
        let (median, quarter) = (times[ROUNDS / 2], ROUNDS / 4);
        let spread = (times[ROUNDS - 1 - quarter] - times[quarter]) / median;
        let allocations = allocation_counter::measure(|| (contender.run)()).count_total;
        Figure { name: contender.name, nanos: median, spread, allocations }
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
    let unit = figures.iter().find(|figure| figure.name == base).map_or(1.0, |figure| figure.nanos);
    println!("\n{title}\n");
    println!("| contender | time, as a multiple of `{base}` | spread | allocations |");
    println!("| --- | ---: | ---: | ---: |");
    for figure in figures {
        println!(
            "| {:<44} | {:>5.2} | ±{:>2.0} % | {:>7} |",
            figure.name,
            figure.nanos / unit,
            figure.spread * 50.0,
            figure.allocations
        );
    }
}

//! Which runs universal compaction takes, and where they go.

use proptest::prelude::*;
use tidelake_lsm::{EarlyFull, OffPeak, Pick, RunSize, UniversalCompaction};

const HOUR_MS: i64 = 3_600_000;

/// The defaults but for the trigger.
fn universal(num_run_trigger: usize) -> UniversalCompaction {
    UniversalCompaction {
        num_run_trigger,
        max_size_amplification_percent: 200,
        size_ratio_percent: 1,
        off_peak: None,
        early_full: EarlyFull::default(),
        force_up_level0: false,
    }
}

fn runs(runs: &[(i32, u64)]) -> Vec<RunSize> {
    runs.iter().map(|&(level, bytes)| RunSize { level, bytes }).collect()
}

/// How many runs go to which level, in a bucket of 6 levels.
fn pick(strategy: &UniversalCompaction, of: &[(i32, u64)]) -> Option<(usize, i32)> {
    strategy.pick_runs(&runs(of), 6, None, 0).map(|pick| (pick.num_runs, pick.output_level))
}

#[test]
fn nothing_is_picked_below_the_trigger() {
    let strategy = universal(5);
    assert_eq!(pick(&strategy, &[]), None);
    assert_eq!(pick(&strategy, &[(0, 1)]), None);
    assert_eq!(pick(&strategy, &[(0, 900), (0, 900), (0, 900), (0, 1)]), None);
}

#[test]
fn size_amplification_takes_everything_once_the_limit_is_passed() {
    let strategy = universal(3);
    // 200 over 100 is the limit, not above it; and no ratio holds.
    assert_eq!(pick(&strategy, &[(0, 40), (4, 160), (5, 100)]), None);
    assert_eq!(pick(&strategy, &[(0, 41), (4, 160), (5, 100)]), Some((3, 5)));
    assert_eq!(pick(&strategy, &[(0, 1), (0, 1), (0, 1)]), Some((3, 5)), "equal runs, by the ratio");
    let strict = UniversalCompaction { max_size_amplification_percent: 25, ..universal(3) };
    assert_eq!(pick(&strict, &[(0, 1), (0, 2), (0, 3), (0, 3)]), Some((4, 5)));
    let huge = u64::MAX;
    assert_eq!(pick(&universal(3), &[(0, huge), (0, huge), (0, huge), (0, huge)]), Some((4, 5)), "no overflow");
}

#[test]
fn the_size_ratio_takes_runs_up_to_the_first_that_is_much_larger() {
    let strategy = universal(4);
    assert_eq!(pick(&strategy, &[(0, 1), (2, 1), (3, 1), (5, 50)]), Some((3, 4)));
    assert_eq!(pick(&strategy, &[(0, 1), (2, 1), (3, 50), (5, 90)]), Some((2, 2)));
    assert_eq!(pick(&strategy, &[(0, 100), (2, 101), (3, 203), (5, 900)]), Some((3, 4)), "1 percent more fits");
    assert_eq!(pick(&strategy, &[(0, 100), (2, 101), (3, 204), (5, 900)]), Some((2, 2)));
    assert_eq!(pick(&strategy, &[(0, 100), (2, 102), (3, 103), (5, 900)]), None, "2 percent more do not");
    let generous = UniversalCompaction { size_ratio_percent: 20, ..universal(3) };
    assert_eq!(pick(&universal(3), &[(2, 8), (3, 9), (4, 10)]), None);
    assert_eq!(pick(&generous, &[(2, 8), (3, 9), (4, 10)]), Some((3, 5)));
}

#[test]
fn too_many_runs_are_brought_down_to_the_trigger() {
    let strategy = universal(3);
    // One too many: two are taken though the second is much larger. The third is then no larger than both.
    assert_eq!(pick(&strategy, &[(0, 1), (2, 2), (3, 3), (5, 50)]), Some((3, 4)));
    assert_eq!(pick(&strategy, &[(0, 1), (2, 2), (3, 9), (5, 50)]), Some((2, 2)));
    assert_eq!(pick(&strategy, &[(0, 1), (2, 9), (3, 90), (4, 900), (5, 9000)]), Some((3, 3)));
    assert_eq!(pick(&strategy, &[(0, 10), (0, 20), (1, 97), (2, 100)]), Some((4, 5)));
}

#[test]
fn level_0_and_level_1_go_along_whatever_their_size() {
    let strategy = universal(3);
    assert_eq!(pick(&strategy, &[(0, 1), (0, 1), (1, 100), (2, 5000)]), Some((3, 1)));
    assert_eq!(pick(&strategy, &[(0, 1), (0, 1), (0, 100), (0, 1000), (2, 5000)]), Some((4, 1)));
    assert_eq!(pick(&strategy, &[(0, 1), (0, 1), (0, 100), (0, 1000)]), Some((4, 5)), "never level 0");
    assert_eq!(pick(&universal(5), &[(0, 1), (0, 1), (0, 1), (0, 1024), (0, 1 << 20)]), Some((5, 5)));
    // But nothing is picked for their sake.
    assert_eq!(pick(&strategy, &[(0, 1), (1, 100), (2, 5000)]), None);
}

#[test]
fn off_peak_hours_are_more_generous() {
    let hours = |start_hour, end_hour| UniversalCompaction {
        off_peak: Some(OffPeak { start_hour, end_hour, ratio_percent: 10 }),
        ..universal(3)
    };
    let runs = runs(&[(2, 100), (3, 111), (4, 900)]);
    let is_off_peak = |strategy: &UniversalCompaction, hour: i64| {
        strategy.pick_runs(&runs, 6, None, 5 * 24 * HOUR_MS + hour * HOUR_MS + 59 * 60_000).is_some()
    };
    let which = |strategy| (0..24).filter(|&hour| is_off_peak(&strategy, hour)).collect::<Vec<_>>();
    assert_eq!(which(hours(1, 4)), [1, 2, 3]);
    assert_eq!(which(hours(22, 2)), [0, 1, 22, 23], "over midnight");
    assert_eq!(which(universal(3)), [0; 0]);
}

#[test]
fn everything_is_compacted_early_where_options_say_so() {
    let early = |early_full| UniversalCompaction { early_full, ..universal(5) };
    let two = [(0, 4), (5, 6)];
    let interval = early(EarlyFull { interval_ms: Some(1000), ..EarlyFull::default() });
    let at = |last, now| interval.pick_runs(&runs(&two), 6, last, now).is_some();
    assert!(at(None, 0), "never done, as far as known");
    assert!(!at(Some(500), 1500) && at(Some(500), 1501));
    assert_eq!(interval.pick_runs(&runs(&[(5, 6)]), 6, None, 0), None, "one run is compacted as can be");

    let total = |bytes| early(EarlyFull { total_bytes: Some(bytes), ..EarlyFull::default() });
    assert_eq!(pick(&total(10), &two), None);
    assert_eq!(pick(&total(11), &two), Some((2, 5)));

    let incremental = |bytes| early(EarlyFull { incremental_bytes: Some(bytes), ..EarlyFull::default() });
    assert_eq!(pick(&incremental(4), &two), None);
    assert_eq!(pick(&incremental(3), &two), Some((2, 5)));
    assert_eq!(pick(&incremental(3), &[(0, 2), (5, 1), (6, 2)]), Some((3, 5)), "what lies below it counts, too");
}

#[test]
fn level_0_is_emptied_by_force_when_nothing_else_is_worth_it() {
    let force = UniversalCompaction { force_up_level0: true, ..universal(5) };
    assert_eq!(pick(&force, &[(0, 1)]), Some((1, 5)));
    assert_eq!(pick(&force, &[(0, 1), (2, 900)]), Some((1, 1)));
    assert_eq!(pick(&force, &[(0, 1), (1, 2), (2, 2)]), Some((3, 5)));
    assert_eq!(pick(&force, &[(3, 1), (5, 2)]), None);
}

#[test]
fn a_bucket_that_gets_one_run_after_another_goes_through_these_shapes() {
    // Worked out by hand for trigger 3: every flush brings 10 bytes, nothing is lost in merging.
    let strategy = universal(3);
    let mut now: Vec<RunSize> = Vec::new();
    let mut shapes = Vec::new();
    for _ in 0..12 {
        now.insert(0, RunSize { level: 0, bytes: 10 });
        while let Some(pick) = strategy.pick_runs(&now, 4, None, 0) {
            apply(&mut now, pick);
        }
        shapes.push(now.iter().map(|run| format!("{}:{}", run.level, run.bytes)).collect::<Vec<_>>().join(" "));
    }
    let expected = [
        "0:10",
        "0:10 0:10",
        "3:30",
        "0:10 3:30",
        "2:20 3:30",
        "0:10 2:20 3:30",
        "3:70", // 10 takes 10, 20 takes 20, 40 takes 30
        "0:10 3:70",
        "2:20 3:70",
        "0:10 2:20 3:70",
        "2:40 3:70",
        "0:10 2:40 3:70",
    ];
    assert_eq!(shapes, expected);
}

#[test]
fn the_choice_is_that_of_java() {
    // Seen in tables that Java wrote, versions 1.4.2 and 2.x: trigger, size ratio, levels; the runs; what its commit took.
    type Seen = ((usize, i32, i32), &'static [(i32, u64)], (usize, i32));
    let seen: [Seen; 14] = [
        ((5, 1, 6), &[(0, 1205), (0, 1605), (0, 1505), (0, 1652), (0, 1673)], (5, 5)),
        ((5, 1, 6), &[(0, 1485), (0, 1418), (0, 1428), (0, 1422), (0, 1471)], (5, 5)),
        ((3, 1, 4), &[(0, 957), (0, 1006), (0, 890)], (3, 3)),
        ((3, 1, 4), &[(0, 965), (0, 906), (3, 2391)], (2, 2)),
        ((3, 1, 4), &[(0, 978), (0, 984), (2, 2207), (3, 2391)], (2, 1)),
        ((3, 1, 4), &[(1, 2326), (2, 2207), (3, 2391)], (3, 3)),
        ((3, 1, 4), &[(0, 929), (0, 895), (0, 940), (3, 2280)], (4, 3)),
        ((3, 1, 4), &[(0, 3430), (0, 3291), (0, 3413), (0, 3436)], (4, 3)),
        ((3, 1, 4), &[(0, 3514), (0, 3438), (3, 5141)], (3, 3)),
        ((2, 1, 3), &[(0, 1585), (2, 1548)], (2, 2)),
        ((2, 1, 3), &[(0, 1620), (0, 1543)], (2, 2)),
        ((2, 1, 3), &[(0, 1532), (0, 1545), (2, 1747)], (3, 2)),
        ((2, 50, 4), &[(0, 2926), (0, 2990), (3, 3524)], (3, 3)),
        ((2, 50, 4), &[(0, 2942), (0, 2955), (0, 2581)], (3, 3)),
    ];
    for ((trigger, size_ratio_percent, num_levels), of, (num_runs, output_level)) in seen {
        let strategy = UniversalCompaction { size_ratio_percent, ..universal(trigger) };
        let picked = strategy.pick_runs(&runs(of), num_levels, None, 0);
        assert_eq!(picked, Some(Pick { num_runs, output_level }), "{of:?}");
    }
}

/// What levels look like afterwards, if merging makes nothing smaller.
fn apply(runs: &mut Vec<RunSize>, pick: Pick) {
    let bytes = runs.drain(..pick.num_runs).fold(0_u64, |sum, run| sum.saturating_add(run.bytes));
    runs.insert(0, RunSize { level: pick.output_level, bytes });
}

prop_compose! {
    fn any_strategy()(
        num_run_trigger in 1..8_usize,
        max_size_amplification_percent in 0..300_i32,
        size_ratio_percent in 0..50_i32,
        off_peak in prop::option::of((0..24_i32, 0..24_i32, 0..50_i32)),
        interval_ms in prop::option::of(0..100_i64),
        total_bytes in prop::option::of(0..5000_u64),
        incremental_bytes in prop::option::of(0..5000_u64),
        force_up_level0: bool,
    ) -> UniversalCompaction {
        UniversalCompaction {
            num_run_trigger,
            max_size_amplification_percent,
            size_ratio_percent,
            off_peak: off_peak.map(|(start_hour, end_hour, ratio_percent)| OffPeak { start_hour, end_hour, ratio_percent }),
            early_full: EarlyFull { interval_ms, total_bytes, incremental_bytes },
            force_up_level0,
        }
    }
}

/// Runs of a bucket with its number of levels.
fn any_runs() -> impl Strategy<Value = (Vec<RunSize>, i32)> {
    let bytes = || (0..3_u32, 0..1000_u64).prop_map(|(magnitude, bytes)| bytes * 100_u64.pow(magnitude));
    let upper = prop::collection::vec(prop::option::of(bytes()), 1..8);
    (prop::collection::vec(bytes(), 0..12), upper).prop_map(|(level0, upper)| {
        let num_levels = upper.len() as i32 + 1;
        let level0 = level0.into_iter().map(|bytes| RunSize { level: 0, bytes });
        let upper = (1..).zip(upper).filter_map(|(level, bytes)| Some(RunSize { level, bytes: bytes? }));
        (level0.chain(upper).collect(), num_levels)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_picked_lands_above_all_that_stays_until_nothing_is_worth_it(
        strategy in any_strategy(),
        (mut runs, num_levels) in any_runs(),
        last_full in prop::option::of(0..200_i64),
        now in 0..200_i64,
    ) {
        let mut steps = 0;
        while let Some(pick) = strategy.pick_runs(&runs, num_levels, last_full, now) {
            prop_assert!((1..=runs.len()).contains(&pick.num_runs));
            prop_assert!((1..num_levels).contains(&pick.output_level));
            let (taken, stays) = runs.split_at(pick.num_runs);
            prop_assert!(taken.iter().all(|run| run.level <= pick.output_level));
            prop_assert!(stays.iter().all(|run| run.level > pick.output_level), "{:?} of {:?}", pick, runs);
            prop_assert!(!stays.is_empty() || pick.output_level == num_levels - 1);
            // One run alone only moves out of level 0.
            prop_assert!(taken.len() > 1 || taken[0].level == 0);
            apply(&mut runs, pick);
            steps += 1;
            prop_assert!(steps <= 24, "each step leaves fewer runs, or fewer in level 0");
        }
        prop_assert!(runs.len() <= strategy.num_run_trigger, "more than the trigger is never left");
        if strategy.force_up_level0 {
            prop_assert!(runs.iter().all(|run| run.level > 0));
        }
    }
}

//! Streams of two tables with the same history, compared step by step.
//!
//! Their snapshots have other numbers, since compactions may be worth it at other times: data files differ in size. Where every
//! commit brings its own changes that is all. With the producer `full-compaction` changes come when a bucket is compacted into
//! its last level, so those of several commits may come together, in one of the two. Then what is compared is what the changes
//! add up to, key by key, from one step that compacts everything in both to the next:
//!
//! ```text
//! step        1    2    3 full   4    5    6    7 full
//! ours        +I        -U +U         -D             →  net of 1-3, net of 4-7
//! theirs           +I   -U +U              -D        →  the same
//! ```
//!
//! Keys that are unsettled ([`History::unsettled`]) count only there, too. Rows that an overwrite takes away leave no change behind, so what came before it may never be told by one of the two: such a
//! stretch can only be compared where it is equal step by step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Compact, History, Op, Result, difference};
use crate::answers::text;

/// Changes by the step that brought them, in reading order.
pub type Changes = BTreeMap<usize, Vec<String>>;

/// What came of comparing two streams.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Steps that are equal line by line.
    pub equal: usize,
    /// Stretches that are equal in what they add up to.
    pub equal_by_sum: usize,
    /// Stretches that cannot be compared.
    pub left_out: usize,
    /// The first step or stretch that differs.
    pub fault: Option<(usize, String)>,
}

/// The changes of a stream (rows with kinds and `_plan` lines) by step; `snapshots` has the newest snapshot after each step,
/// from step 1 on.
pub fn by_step(stream: &[String], snapshots: &[i64]) -> Result<Changes> {
    let mut changes = Changes::new();
    let mut lines = Vec::new();
    for line in stream {
        if !line.starts_with("{\"_plan\":") {
            lines.push(line.clone());
            continue;
        }
        let plan: Value = serde_json::from_str(line).map_err(text)?;
        let snapshot = plan["_next"].as_i64().ok_or("a plan without its next snapshot")? - 1;
        let step = snapshots.iter().position(|newest| *newest >= snapshot).ok_or("a plan after the last step")? + 1;
        changes.entry(step).or_default().append(&mut lines);
    }
    Ok(changes)
}

/// Compares Tidelake's changes with Java's.
pub fn compare(history: &History, ours: &Changes, java: &Changes) -> Result<Comparison> {
    let all_steps: Vec<usize> = history.steps.iter().map(|step| step.number).collect();
    if !history.cell.contains("/full-compaction/") {
        return compare_steps(history, &all_steps, ours, java);
    }
    let unsettled = history.unsettled(history.steps.len())?;
    let settled = |changes: &Changes| {
        let lines = changes.iter().map(|(step, lines)| Ok((*step, history.without(lines, &unsettled)?)));
        lines.collect::<Result<Changes>>()
    };
    let mut comparison = Comparison::default();
    for stretch in stretches(history) {
        let by_steps = compare_steps(history, &stretch.steps, ours, java)?;
        if by_steps.fault.is_none() {
            comparison.equal += by_steps.equal;
        } else if stretch.is_overwritten || !stretch.is_closed {
            comparison.left_out += 1;
        } else if let Some(fault) = sums_differ(history, &stretch.steps, &settled(ours)?, &settled(java)?)? {
            comparison.fault = Some(fault);
            break;
        } else {
            comparison.equal_by_sum += 1;
        }
    }
    Ok(comparison)
}

fn compare_steps(history: &History, steps: &[usize], ours: &Changes, java: &Changes) -> Result<Comparison> {
    let mut comparison = Comparison::default();
    for step in steps {
        let of = |changes: &Changes| ordered(changes.get(step).map_or(&[][..], Vec::as_slice), history);
        match difference(&of(ours)?, &of(java)?) {
            None => comparison.equal += 1,
            Some(difference) => {
                comparison.fault = Some((*step, difference));
                break;
            }
        }
    }
    Ok(comparison)
}

/// By key, those of one key in their order: buckets and partitions may come in any.
fn ordered(lines: &[String], history: &History) -> Result<Vec<String>> {
    let mut keyed: Vec<(String, &String)> =
        lines.iter().map(|line| Ok((history.key_of(line)?, line))).collect::<Result<_>>()?;
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(keyed.into_iter().map(|(_, line)| line.clone()).collect())
}

/// Steps up to one that compacts every bucket.
struct Stretch {
    steps: Vec<usize>,
    is_overwritten: bool,
    /// Its last step does so.
    is_closed: bool,
}

fn stretches(history: &History) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut open = Stretch { steps: Vec::new(), is_overwritten: false, is_closed: false };
    for step in &history.steps {
        open.steps.push(step.number);
        for op in &step.ops {
            let Op::Commit(commit) = op else { continue };
            open.is_overwritten |= commit.overwrite.is_some();
            open.is_closed |= commit.compact == Compact::Full;
        }
        if open.is_closed {
            let next = Stretch { steps: Vec::new(), is_overwritten: false, is_closed: false };
            stretches.push(std::mem::replace(&mut open, next));
        }
    }
    stretches.push(open);
    stretches
}

/// What changes add up to: the row of a key before and after, where they differ.
type Sum = BTreeMap<String, (Option<String>, Option<String>)>;

fn sums_differ(history: &History, steps: &[usize], ours: &Changes, java: &Changes) -> Result<Option<(usize, String)>> {
    let (ours, java) = (sum(history, steps, ours)?, sum(history, steps, java)?);
    let keys: BTreeSet<&String> = ours.keys().chain(java.keys()).collect();
    let differs = keys.into_iter().find(|key| ours.get(*key) != java.get(*key));
    Ok(differs.map(|key| {
        let last = steps.last().copied().unwrap_or_default();
        let said = format!("the changes of steps {steps:?} add up otherwise for key {key}");
        (last, format!("{said}\n      ours {:?}\n      Java {:?}", ours.get(key), java.get(key)))
    }))
}

fn sum(history: &History, steps: &[usize], changes: &Changes) -> Result<Sum> {
    let mut sum = Sum::new();
    for line in steps.iter().filter_map(|step| changes.get(step)).flatten() {
        let (kind, row) = kind_and_row(line)?;
        let (before, after) = sum.entry(history.key_of(line)?).or_insert_with(|| match kind {
            "-U" | "-D" => (Some(row.clone()), None),
            _ => (None, None),
        });
        match kind {
            "+I" | "+U" => *after = Some(row),
            _ if before.is_some() || after.is_some() => *after = None,
            other => return Err(format!("{other} of a row that is not there: {line}")),
        }
    }
    sum.retain(|_, (before, after)| before != after);
    Ok(sum)
}

fn kind_and_row(line: &str) -> Result<(&str, String)> {
    let rest = line.strip_prefix("{\"_kind\":\"").ok_or_else(|| format!("a change without kind: {line}"))?;
    let (kind, row) = rest.split_once("\",").ok_or_else(|| format!("a change without row: {line}"))?;
    Ok((kind, format!("{{{row}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Commit, Step};

    fn history(cell: &str, compactions: &[Compact]) -> History {
        let steps = compactions.iter().zip(1..).map(|(compact, number)| {
            let commit = Commit { compact: *compact, ..Commit::default() };
            Step { number, ops: vec![Op::Commit(commit)], ..Step::default() }
        });
        History {
            table: "fuzz.t".to_owned(),
            cell: cell.to_owned(),
            seed: 1,
            keys: vec!["k".to_owned()],
            create: None,
            steps: steps.collect(),
            stream: None,
            audit_log: None,
        }
    }

    fn change(kind: &str, k: i32, v: i32) -> String {
        format!("{{\"_kind\":\"{kind}\",\"k\":{k},\"v\":{v}}}")
    }

    const MOR: &str = "deduplicate/full-compaction/mor/fixed";

    #[test]
    fn lines_belong_to_the_step_of_their_snapshot() {
        let plan = |number, next| format!("{{\"_plan\":{number},\"_next\":{next},\"_rows\":1}}");
        let stream = [change("+I", 1, 1), plan(1, 2), change("+I", 2, 1), plan(2, 5), change("+I", 3, 1), plan(3, 6)];
        let changes = by_step(&stream, &[1, 3, 3, 5]).unwrap();
        assert_eq!(changes.keys().copied().collect::<Vec<_>>(), [1, 4]);
        assert_eq!(changes[&4].len(), 2);
        by_step(&stream, &[1]).unwrap_err();
    }

    #[test]
    fn changes_that_come_at_other_steps_are_compared_by_what_they_add_up_to() {
        let history = history(MOR, &[Compact::Auto, Compact::Auto, Compact::Full]);
        let ours = Changes::from([
            (1, vec![change("+I", 1, 1)]),
            (3, vec![change("-U", 1, 1), change("+U", 1, 2), change("+I", 2, 0)]),
        ]);
        let java = Changes::from([(3, vec![change("+I", 2, 0), change("+I", 1, 2)])]);
        let same = compare(&history, &ours, &java).unwrap();
        assert!(same.fault.is_none() && same.equal_by_sum == 1, "{same:?}");
        let other = Changes::from([(3, vec![change("+I", 2, 0), change("+I", 1, 3)])]);
        let (step, said) = compare(&history, &ours, &other).unwrap().fault.unwrap();
        assert!(step == 3 && said.contains("for key 1"), "{said}");
    }

    #[test]
    fn with_other_producers_every_step_counts() {
        let history = history("deduplicate/input/mor/fixed", &[Compact::Auto, Compact::Full]);
        let ours = Changes::from([(1, vec![change("+I", 2, 1), change("+I", 1, 1), change("+U", 1, 2)])]);
        let java = Changes::from([(1, vec![change("+I", 1, 1), change("+U", 1, 2), change("+I", 2, 1)])]);
        assert_eq!(compare(&history, &ours, &java).unwrap().equal, 2);
        let swapped = Changes::from([(1, vec![change("+U", 1, 2), change("+I", 1, 1), change("+I", 2, 1)])]);
        assert_eq!(compare(&history, &ours, &swapped).unwrap().fault.unwrap().0, 1);
        let late = Changes::from([(2, java[&1].clone())]);
        assert_eq!(compare(&history, &ours, &late).unwrap().fault.unwrap().0, 1);
    }
}

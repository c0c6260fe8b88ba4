//! `tide snapshot expire`: old snapshots go, with the files that only they have kept.

use std::io::IsTerminal;

use tidelake::{ReadFrom, Table, sql::TableAddress};

use crate::{
    args::ExpireArgs,
    progress::grouped,
    report::{Failure, Result},
    session::Session,
};

pub(crate) async fn run(args: ExpireArgs) -> Result<()> {
    let session = Session::open(&args.table.lake).await?;
    let table = session.data_table(&args.table).await?;
    let name = &args.table.table;
    let now_ms = session.lake.runtime().clock().now_ms();
    let older_than_ms = args.older_than.as_deref().map(|text| time_ms(text, now_ms)).transpose()?;
    let expire = |table: &Table| {
        let mut expire = table.expire();
        if let Some(snapshots) = args.retain_max {
            expire = expire.retain_max(snapshots);
        }
        if let Some(snapshots) = args.retain_min {
            expire = expire.retain_min(snapshots);
        }
        if let Some(time_ms) = older_than_ms {
            expire = expire.older_than_ms(time_ms);
        }
        expire
    };
    let told = |failure: Failure| failure.while_doing(format!("expire snapshots of {name}"));
    if !args.yes {
        let would = expire(&table).dry_run().run().await.map_err(|error| told(error.into()))?;
        if would.snapshots == 0 {
            eprintln!("nothing to expire: {name} keeps all its snapshots");
            return Ok(());
        }
        let oldest = would.earliest.map_or_else(String::new, |id| format!("; the oldest kept would be {id}"));
        eprintln!(
            "would delete {} of {name}{oldest}",
            amount(would.snapshots, would.data_files, would.manifests, would.bytes)
        );
        if !asked()? {
            eprintln!("nothing was deleted; with --yes it is");
            return Ok(());
        }
    }
    let done = expire(&table).run().await.map_err(|error| told(error.into()))?;
    if done.snapshots == 0 {
        eprintln!("nothing to expire: {name} keeps all its snapshots");
        return Ok(());
    }
    let oldest = done.earliest.map_or_else(String::new, |id| format!("; the oldest kept is {id}"));
    eprintln!("deleted {} of {name}{oldest}", amount(done.snapshots, done.data_files, done.manifests, done.bytes));
    if done.left_behind > 0 {
        eprintln!("{} of these files could not be deleted; nothing refers to them", grouped(done.left_behind));
    }
    Ok(())
}

fn amount(snapshots: u64, data_files: u64, manifests: u64, bytes: u64) -> String {
    format!(
        "{} snapshot{}, {} data files and {} manifests ({} bytes)",
        grouped(snapshots),
        if snapshots == 1 { "" } else { "s" },
        grouped(data_files),
        grouped(manifests),
        grouped(bytes)
    )
}

/// Whether a person says yes; where there is none, nobody does.
fn asked() -> Result<bool> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Ok(false);
    }
    eprint!("delete them? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| crate::report::local("standard input", error))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// A time in UTC, milliseconds since 1970, or how long ago: 7d, 12h, 30m.
fn time_ms(text: &str, now_ms: i64) -> Result<i64> {
    let wrong =
        || Failure::usage(format!("`{text}` is no time")).hint("write 2026-11-01, 2026-11-01T12:00, 7d, 12h or 30m");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if digits > 0 && digits + 1 >= text.len() {
        let number: i64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit_ms = match &text[digits..] {
            "" => return Ok(number),
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => 24 * 60 * 60 * 1000,
            _ => return Err(wrong()),
        };
        return Ok(now_ms.saturating_sub(number.saturating_mul(unit_ms)));
    }
    let whole = if text.len() == "2026-11-01".len() { format!("{text}T00:00:00") } else { text.replace(' ', "T") };
    match TableAddress::parse(&format!("t@{whole}")).read_from() {
        Ok(Some(ReadFrom::Timestamp(time_ms))) => Ok(time_ms),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_absolute_or_ago() {
        for (text, expected) in [
            ("1970-01-02", 86_400_000),
            ("1970-01-01T00:01", 60_000),
            ("1970-01-01 00:00:01", 1000),
            ("12345", 12345),
            ("1s", 999_000),
            ("2m", 880_000),
        ] {
            assert_eq!(time_ms(text, 1_000_000).ok(), Some(expected), "{text}");
        }
        for text in ["", "soon", "5w", "d", "1970-13-01", "-5"] {
            assert!(time_ms(text, 0).is_err(), "{text}");
        }
    }
}

//! Random rows as canonical lines, from a seed.

use tidelake_types::{DataField, DataType, TypeKind};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    /// A whole number: often an extreme, often small, else anything.
    fn whole(&mut self, least: i64, most: i64) -> i64 {
        match self.below(8) {
            0 => least,
            1 => most,
            2 | 3 => (self.next() as i64).wrapping_rem(most).max(least),
            _ => self.below(21) as i64 - 10,
        }
    }
}

/// One row; `small` says which columns take few values, so that keys meet again and partitions stay few.
pub(crate) fn row(fields: &[DataField], small: &dyn Fn(&str) -> bool, random: &mut Random) -> String {
    let members: Vec<_> = (fields.iter())
        .map(|field| format!("\"{}\":{}", field.name, value(&field.data_type, small(&field.name), random)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// One value, canonical.
pub(crate) fn value(data_type: &DataType, small: bool, random: &mut Random) -> String {
    if data_type.nullable && random.below(5) == 0 {
        return "null".to_owned();
    }
    let n = random.below(7);
    match &data_type.kind {
        TypeKind::Boolean => n.is_multiple_of(2).to_string(),
        TypeKind::TinyInt => whole(small, n, -128, 127, random),
        TypeKind::SmallInt => whole(small, n, -32768, 32767, random),
        TypeKind::Int => whole(small, n, i32::MIN.into(), i32::MAX.into(), random),
        TypeKind::BigInt => whole(small, n, i64::MIN, i64::MAX, random),
        TypeKind::Float if small => format!("{n}.5"),
        TypeKind::Float => random
            .pick(&["0.0", "1.5", "-2.25", "3.4028235E38", "1.4E-45", "\"NaN\"", "\"Infinity\"", "0.1", "1.0E10"])
            .to_owned(),
        TypeKind::Double if small => format!("{n}.25"),
        TypeKind::Double => random
            .pick(&[
                "0.0",
                "-0.0",
                "0.1",
                "1.7976931348623157E308",
                "4.9E-324",
                "\"NaN\"",
                "\"-Infinity\"",
                "1.0E23",
                "123456.789",
            ])
            .to_owned(),
        TypeKind::Decimal { precision, scale } => {
            let digits = if small { 1 } else { 1 + random.below(u64::from(*precision)) as usize };
            let mut unscaled: String = (0..digits).map(|_| char::from(b'0' + random.below(10) as u8)).collect();
            let scale = *scale as usize;
            while unscaled.len() <= scale {
                unscaled.insert(0, '0');
            }
            let (whole, fraction) = unscaled.split_at(unscaled.len() - scale);
            let whole = whole.trim_start_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            let zero = whole == "0" && fraction.bytes().all(|digit| digit == b'0');
            let sign = if !zero && random.below(2) == 0 { "-" } else { "" };
            if scale == 0 { format!("\"{sign}{whole}\"") } else { format!("\"{sign}{whole}.{fraction}\"") }
        }
        TypeKind::Char(length) => format!("\"{}\"", &"abcdefgh".repeat(4)[n as usize..n as usize + *length as usize]),
        TypeKind::Varchar(_) if small => random
            .pick(&["\"a\"", "\"b c\"", "\"x=y/z\"", "\"ä€😀\"", "\"%25:?\"", "\"long enough to not fit in eight\""])
            .to_owned(),
        TypeKind::Varchar(_) => match n {
            0 => "\"\"".to_owned(),
            1 => "\"\\\"quoted\\\\\\n\\u0001\"".to_owned(),
            2 => "\"ä€😀\"".to_owned(),
            _ => format!("\"v{}\"", random.below(1000)),
        },
        TypeKind::Binary(length) => format!("\"{}\"", format!("{n:02x}").repeat(*length as usize)),
        TypeKind::Varbinary(_) => {
            format!("\"{}\"", format!("f{n:x}").repeat(if small { 3 } else { random.below(12) as usize }))
        }
        TypeKind::Date if small => format!("\"2024-02-2{n}\""),
        TypeKind::Date => random
            .pick(&[
                "\"1970-01-01\"",
                "\"1969-12-31\"",
                "\"2024-02-29\"",
                "\"9999-12-31\"",
                "\"0001-01-01\"",
                "\"1582-10-10\"",
            ])
            .to_owned(),
        TypeKind::Time(_) => if small { n * 1000 } else { random.below(86_400_000) }.to_string(),
        TypeKind::Timestamp(precision) => format!("\"{}\"", timestamp(*precision, small, n, random)),
        TypeKind::TimestampLtz(precision) => format!("\"{}Z\"", timestamp(*precision, small, n, random)),
        TypeKind::Array(element) => {
            let elements: Vec<_> = (0..random.below(4)).map(|_| value(element, false, random)).collect();
            format!("[{}]", elements.join(","))
        }
        TypeKind::Map(_, of) => {
            // Keys are strings or whole numbers here: distinct by counting, and sorted as canonical maps are.
            let text = data_type.to_string().contains("MAP<STRING");
            let entries: Vec<_> = (0..random.below(4))
                .map(|key| {
                    if text {
                        format!("[\"k{key}\",{}]", value(of, false, random))
                    } else {
                        format!("[{key},{}]", value(of, false, random))
                    }
                })
                .collect();
            format!("[{}]", entries.join(","))
        }
        TypeKind::Row(fields) => row(fields, &|_| false, random),
        other => panic!("no random {other:?} here"),
    }
}

fn whole(small: bool, n: u64, least: i64, most: i64, random: &mut Random) -> String {
    if small { n.to_string() } else { random.whole(least, most).to_string() }
}

fn timestamp(precision: u8, small: bool, n: u64, random: &mut Random) -> String {
    let digits = format!("{:09}", random.below(1_000_000_000));
    let kept = if small { 0 } else { usize::from(precision) };
    let fraction = format!("{:0<9}", &digits[..kept]);
    let second = if small { n } else { random.below(60) };
    let day = if small {
        "2024-02-29"
    } else {
        random.pick(&["1970-01-01", "1969-12-31", "2024-02-29", "1999-07-15", "2100-01-01", "1890-06-07"])
    };
    format!("{day}T23:59:{second:02}.{fraction}")
}

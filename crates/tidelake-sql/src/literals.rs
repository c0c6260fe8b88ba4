//! A number that is compared with a DECIMAL is the number that is written.
//!
//! DataFusion reads `3743252828.80` as a double, and compares a DECIMAL with what that double is exactly, which no row has.
//! Shortest texts of doubles have what was written, up to 15 digits; longer numbers are kept from becoming doubles at all:
//!
//! ```text
//! text    d = 12345678901234567.89     ->  d = CAST('12345678901234567.89' AS DECIMAL(19, 2))
//! plan    d = Float64(3743252828.8)    ->  d = Decimal128(3743252828.8)         where d is a DECIMAL
//!         f = CAST('…' AS DECIMAL(…))  ->  f = Float64(…)                       where f is a FLOAT or DOUBLE
//! ```
//!
//! Numbers with an exponent are doubles, as SQL has it.

use arrow_schema::DataType;
use datafusion::{
    common::{
        DFSchema, ScalarValue,
        tree_node::{Transformed, TreeNode},
    },
    error::Result,
    logical_expr::{
        Between, BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator, cast, expr::InList,
        expr_rewriter::NamePreserver,
    },
    sql::sqlparser::tokenizer::Token,
};

use crate::statement::{Piece, Statement};

/// As many digits as every double keeps.
const DOUBLE_DIGITS: usize = 15;
const DECIMAL_DIGITS: usize = 38;

/// The statement's text with long numbers that are compared as decimals; `None` if there are none.
pub(crate) fn with_long_decimals(statement: &Statement) -> Option<String> {
    let (mut text, mut copied) = (String::new(), 0);
    for (at, piece) in statement.pieces.iter().enumerate() {
        let compares = |piece: Option<&Piece>| {
            let operators = [Token::Eq, Token::DoubleEq, Token::Neq, Token::Lt, Token::LtEq, Token::Gt, Token::GtEq];
            piece.is_some_and(|piece| operators.contains(&piece.token))
        };
        let before = at.checked_sub(1).and_then(|before| statement.pieces.get(before));
        let Token::Number(number, false) = &piece.token else { continue };
        if !(compares(before) || compares(statement.pieces.get(at + 1))) {
            continue;
        }
        if let Some((_, precision, scale)) = decimal(number)
            && usize::from(precision) > DOUBLE_DIGITS
            && scale > 0
        {
            text.push_str(&statement.text[copied..piece.start]);
            text.push_str(&format!("CAST('{number}' AS DECIMAL({precision}, {scale}))"));
            copied = piece.end;
        }
    }
    if copied == 0 {
        return None;
    }
    text.push_str(&statement.text[copied..]);
    Some(text)
}

/// The plan with literals that are compared in the type of what they are compared with.
pub(crate) fn with_exact_literals(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let mut schema = DFSchema::empty();
        node.inputs().into_iter().for_each(|input| schema.merge(input.schema()));
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let rewritten = expr.transform_up(|expr| Ok(exact(expr, &schema)))?;
            Ok(if rewritten.transformed { rewritten.update_data(|expr| name.restore(expr)) } else { rewritten })
        })
    });
    Ok(rewritten?.data)
}

fn exact(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { mut left, op, mut right }) if compares(op) => {
            let changed = align(&mut left, &mut [&mut *right], schema) || align(&mut right, &mut [&mut *left], schema);
            changed_if(changed, Expr::BinaryExpr(BinaryExpr { left, op, right }))
        }
        Expr::Between(Between { mut expr, negated, mut low, mut high }) => {
            let changed = align(&mut expr, &mut [&mut *low, &mut *high], schema);
            changed_if(changed, Expr::Between(Between { expr, negated, low, high }))
        }
        Expr::InList(InList { mut expr, mut list, negated }) => {
            let changed = align(&mut expr, &mut list.iter_mut().collect::<Vec<_>>(), schema);
            changed_if(changed, Expr::InList(InList { expr, list, negated }))
        }
        other => Transformed::no(other),
    }
}

/// Makes literals of the kind of what they are compared with; or where one of them is no DECIMAL (1e300), makes doubles of
/// all. Tells whether anything changed.
fn align(expr: &mut Expr, literals: &mut [&mut Expr], schema: &DFSchema) -> bool {
    let Ok(to) = expr.get_type(schema) else { return false };
    if matches!(to, DataType::Decimal128(..)) && literals.iter().any(|literal| is_only_double(literal)) {
        *expr = cast(expr.clone(), DataType::Float64);
        return true;
    }
    let mut changed = false;
    for literal in literals {
        if let Some(new) = self::literal(literal, &to) {
            (**literal, changed) = (new, true);
        }
    }
    changed
}

fn is_only_double(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Float64(Some(number)), _) if decimal(&number.to_string()).is_none())
}

fn compares(operator: Operator) -> bool {
    use Operator as O;
    matches!(operator, O::Eq | O::NotEq | O::Lt | O::LtEq | O::Gt | O::GtEq | O::IsDistinctFrom | O::IsNotDistinctFrom)
}

fn changed_if(changed: bool, expr: Expr) -> Transformed<Expr> {
    if changed { Transformed::yes(expr) } else { Transformed::no(expr) }
}

/// The literal in the kind of type that it is compared with; `None` where it stays as it is.
fn literal(expr: &Expr, to: &DataType) -> Option<Expr> {
    match (expr, to) {
        (Expr::Literal(ScalarValue::Float64(Some(number)), _), DataType::Decimal128(..)) => {
            let (value, precision, scale) = decimal(&number.to_string())?;
            Some(Expr::Literal(ScalarValue::Decimal128(Some(value), precision, scale), None))
        }
        (Expr::Cast(Cast { expr, field }), DataType::Float32 | DataType::Float64) => {
            let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = expr.as_ref() else { return None };
            let number = matches!(field.data_type(), DataType::Decimal128(..)).then(|| text.parse().ok()).flatten()?;
            Some(Expr::Literal(ScalarValue::Float64(Some(number)), None))
        }
        _ => None,
    }
}

/// Unscaled value, precision and scale of `-12.50`; `None` for what no DECIMAL holds, or has an exponent.
fn decimal(text: &str) -> Option<(i128, u8, i8)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.trim_start_matches('-').trim_start_matches('0').len() + fraction.len();
    if fraction.len() > DECIMAL_DIGITS || digits > DECIMAL_DIGITS {
        return None;
    }
    let value: i128 = format!("{whole}{fraction}").parse().ok()?;
    let precision = digits.max(fraction.len()).max(1);
    Some((value, u8::try_from(precision).ok()?, i8::try_from(fraction.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::statements;

    #[test]
    fn decimals_are_read_from_their_text() {
        assert_eq!(decimal("3743252828.8"), Some((37_432_528_288, 11, 1)));
        assert_eq!(decimal("-0.05"), Some((-5, 2, 2)));
        assert_eq!(decimal("7"), Some((7, 1, 0)));
        assert_eq!(decimal(&1e300.to_string()), None);
        assert_eq!(decimal("1e3"), None);
        assert_eq!(decimal("inf"), None);
    }

    #[test]
    fn only_long_numbers_that_are_compared_become_decimals() {
        let rewritten = |sql: &str| with_long_decimals(&statements(sql).unwrap()[0]);
        assert_eq!(
            rewritten("SELECT 1 FROM t WHERE d >= 12345678901234567.89 AND 1.5 < d").unwrap(),
            "SELECT 1 FROM t WHERE d >= CAST('12345678901234567.89' AS DECIMAL(19, 2)) AND 1.5 < d"
        );
        for same in
            ["SELECT 12345678901234567.89", "SELECT d = 1.5e300", "SELECT d = 12345678901234567890", "SELECT d = 1.5"]
        {
            assert_eq!(rewritten(same), None, "{same}");
        }
    }
}

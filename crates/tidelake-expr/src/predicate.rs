//! The tree of a filter.

use tidelake_types::{DataField, Scalar};

/// A filter over rows. SQL's three values: a row passes where it is true, not where it is null.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// Every row passes.
    True,
    /// No row passes.
    False,
    /// All of these; never empty.
    And(Vec<Predicate>),
    /// Any of these; never empty.
    Or(Vec<Predicate>),
    /// A comparison of one column.
    Leaf(LeafPredicate),
}

/// A comparison of one column with literals of its type.
#[derive(Debug, Clone, PartialEq)]
pub struct LeafPredicate {
    /// The column, as of the schema that is read.
    pub field: DataField,
    /// How it is compared.
    pub operator: Operator,
    /// With what: none for the null tests, one for comparisons, any number for `In` and `NotIn`.
    /// `None` is a null literal (a comparison with it is never true).
    pub literals: Vec<Option<Scalar>>,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    StartsWith,
    IsNull,
    IsNotNull,
}

/// Starts a predicate on a column: `column(&field).less(Scalar::Int(3))`.
pub fn column(field: &DataField) -> ColumnRef {
    ColumnRef(field.clone())
}

/// A column about to be compared.
#[derive(Debug, Clone)]
pub struct ColumnRef(DataField);

impl ColumnRef {
    /// With this operator and these literals.
    pub fn compare(self, operator: Operator, literals: Vec<Option<Scalar>>) -> Predicate {
        Predicate::Leaf(LeafPredicate { field: self.0, operator, literals })
    }

    /// `column = value`.
    pub fn equal(self, value: Scalar) -> Predicate {
        self.compare(Operator::Equal, vec![Some(value)])
    }
}

impl Predicate {
    /// The conjunction, flattened: `True` disappears, `False` swallows.
    pub fn and(parts: impl IntoIterator<Item = Predicate>) -> Predicate {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Predicate::True => {}
                Predicate::False => return Predicate::False,
                Predicate::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Predicate::True,
            1 => flat.remove(0),
            _ => Predicate::And(flat),
        }
    }

    /// The disjunction, flattened: `False` disappears, `True` swallows.
    pub fn or(parts: impl IntoIterator<Item = Predicate>) -> Predicate {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Predicate::False => {}
                Predicate::True => return Predicate::True,
                Predicate::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Predicate::False,
            1 => flat.remove(0),
            _ => Predicate::Or(flat),
        }
    }

    /// The parts that must all hold.
    pub fn conjuncts(self) -> Vec<Predicate> {
        match self {
            Predicate::And(parts) => parts,
            Predicate::True => Vec::new(),
            other => vec![other],
        }
    }

    /// Every column named, each once, in order of appearance.
    pub fn fields(&self) -> Vec<&DataField> {
        let mut found: Vec<&DataField> = Vec::new();
        self.walk(&mut |leaf| {
            if !found.iter().any(|field| field.id == leaf.field.id) {
                found.push(&leaf.field);
            }
        });
        found
    }

    /// Visits every leaf.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a LeafPredicate)) {
        match self {
            Predicate::True | Predicate::False => {}
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().for_each(|part| part.walk(visit)),
            Predicate::Leaf(leaf) => visit(leaf),
        }
    }

    /// Rewrites every leaf; `None` means "may be anything" and becomes `True`. As there is no NOT in the tree, the
    /// result passes at least the rows that the original passes.
    pub fn relax(&self, rewrite: &mut impl FnMut(&LeafPredicate) -> Option<Predicate>) -> Predicate {
        match self {
            Predicate::True => Predicate::True,
            Predicate::False => Predicate::False,
            Predicate::And(parts) => Predicate::and(parts.iter().map(|part| part.relax(rewrite)).collect::<Vec<_>>()),
            Predicate::Or(parts) => Predicate::or(parts.iter().map(|part| part.relax(rewrite)).collect::<Vec<_>>()),
            Predicate::Leaf(leaf) => rewrite(leaf).unwrap_or(Predicate::True),
        }
    }
}

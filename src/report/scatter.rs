use super::Unit;

/// Points in a plane. A scatter plot only shows what a table of the document holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// The title.
    pub title: String,
    /// What lies along x.
    pub x: ScatterAxis,
    /// What lies along y.
    pub y: ScatterAxis,
    /// The points.
    pub points: Vec<ScatterPoint>,
    /// What it means that a point is marked.
    pub marked: String,
}

/// What lies along one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterAxis {
    /// What it is.
    pub title: String,
    /// What its values count.
    pub unit: Option<Unit>,
}

/// One point; it is not drawn where a coordinate is not finite.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterPoint {
    /// What is written beside it, if it is marked and there is room.
    pub name: String,
    /// Along x.
    pub x: f64,
    /// Along y.
    pub y: f64,
    /// Whether it stands out.
    pub is_marked: bool,
}

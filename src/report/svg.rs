//! Draws a plan as SVG: rows of steps from top to bottom, with an arrow from each step to what follows.
//!
//! The layout is the layered one of Sugiyama, Tagawa and Toda (1981), in short: a step's row is one
//! below the lowest of those it waits for; an arrow over several rows gets an empty place in each, so
//! that it passes between steps; within a row, places are sorted by where their neighbours above are.
//! No style attributes and no scripts, so that the strictest page may hold it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::clean::{line, markup};
use crate::model::plan::Plan;

/// Beyond this a drawing helps nobody; the list of steps is there anyway.
const MOST: usize = 120;

const BOX_WIDTH: f64 = 230.0;
const BOX_HEIGHT: f64 = 62.0;
const PASSAGE: f64 = 24.0;
const GAP: f64 = 26.0;
const ROW: f64 = 102.0;
const MARGIN: f64 = 12.0;

/// A place in a row: a step, or where an arrow passes.
#[derive(Clone, Copy)]
struct Place {
    step: Option<usize>,
    x: f64,
}

impl Place {
    const fn width(self) -> f64 {
        if self.step.is_some() { BOX_WIDTH } else { PASSAGE }
    }
}

/// The drawing, or nothing where there are no steps or too many.
pub(super) fn draw(plan: &Plan, id: &str) -> Option<String> {
    if plan.steps.is_empty() || plan.steps.len() > MOST {
        return None;
    }
    let layout = Layout::of(plan);
    let (width, height) = layout.size();
    let id = markup(&line(id));
    let mut out = format!(
        "<svg class=\"plan\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-labelledby=\"{id}-t\">\n<title id=\"{id}-t\">The plan: {} steps</title>\n",
        plan.steps.len()
    );
    for chain in &layout.chains {
        layout.arrow(&mut out, chain);
    }
    for (row, places) in layout.rows.iter().enumerate() {
        for place in places {
            if let Some(step) = place.step.and_then(|i| plan.steps.get(i)) {
                let (x, y) = (place.x - BOX_WIDTH / 2.0, top(row));
                let undo = step.undo.as_ref().map(|undo| format!("undo: {}", undo.kind));
                let said: Vec<&str> = [Some(step.id.as_str()), Some(&step.kind), undo.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect();
                let whole = markup(&line(&said.join(" ")));
                let _ = write!(
                    out,
                    "<g class=\"step\"><title>{whole}</title><rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{BOX_WIDTH:.0}\" height=\"{BOX_HEIGHT:.0}\" rx=\"6\"/>"
                );
                let first = y + if undo.is_some() { 19.0 } else { 27.0 };
                for ((text, class), down) in said.iter().zip(["", "kind", "kind undo"]).zip([0.0, 17.0, 33.0])
                {
                    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
                    let _ = write!(
                        out,
                        "<text{class} x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                        place.x,
                        first + down,
                        markup(&cut(text))
                    );
                }
                out.push_str("</g>\n");
            }
        }
    }
    out.push_str("</svg>\n");
    Some(out)
}

fn top(row: usize) -> f64 {
    (row as f64).mul_add(ROW, MARGIN)
}

/// As much of a name as fits into a box.
fn cut(text: &str) -> String {
    let text = line(text);
    if text.chars().nth(28).is_none() {
        return text.into_owned();
    }
    let mut out: String = text.chars().take(27).collect();
    out.push('…');
    out
}

struct Layout {
    rows: Vec<Vec<Place>>,
    /// Arrows: the places that each goes through, by row and number within it.
    chains: Vec<Vec<(usize, usize)>>,
}

impl Layout {
    fn of(plan: &Plan) -> Self {
        let number: BTreeMap<&str, usize> =
            plan.steps.iter().enumerate().map(|(i, s)| (s.id.as_str(), i)).collect();
        let mut row_of: Vec<usize> = Vec::with_capacity(plan.steps.len());
        let mut edges = Vec::new();
        for (i, step) in plan.steps.iter().enumerate() {
            let mut row = 0_usize;
            // Steps are in order; what points forwards is no plan and is not drawn.
            for before in
                step.after.iter().filter_map(|id| number.get(id.as_str()).copied()).filter(|b| *b < i)
            {
                row = row.max(row_of.get(before).copied().unwrap_or(0).saturating_add(1));
                edges.push((before, i));
            }
            row_of.push(row);
        }
        let depth = row_of.iter().copied().max().map_or(0, |m| m.saturating_add(1));
        let mut rows: Vec<Vec<Place>> = vec![Vec::new(); depth];
        let mut at = vec![(0_usize, 0_usize); plan.steps.len()];
        for (i, row) in row_of.iter().copied().enumerate() {
            if let (Some(places), Some(at)) = (rows.get_mut(row), at.get_mut(i)) {
                *at = (row, places.len());
                places.push(Place { step: Some(i), x: 0.0 });
            }
        }
        let mut chains = Vec::new();
        for (from, to) in edges {
            let (Some(&start), Some(&end)) = (at.get(from), at.get(to)) else { continue };
            let mut chain = vec![start];
            for row in start.0.saturating_add(1)..end.0 {
                if let Some(places) = rows.get_mut(row) {
                    chain.push((row, places.len()));
                    places.push(Place { step: None, x: 0.0 });
                }
            }
            chain.push(end);
            chains.push(chain);
        }
        let mut layout = Self { rows, chains };
        layout.arrange();
        layout
    }

    /// Sorts each row by the middle of its neighbours above, then gives every place its middle.
    fn arrange(&mut self) {
        for row in 0..self.rows.len() {
            let above = self.spread(row.saturating_sub(1));
            let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
            for pair in self.chains.iter().flat_map(|c| c.windows(2)) {
                if let [(up, i), (down, j)] = pair
                    && *down == row
                    && up.saturating_add(1) == row
                {
                    let sum = sums.entry(*j).or_insert((0.0, 0.0));
                    *sum = (sum.0 + above.get(*i).copied().unwrap_or(0.0), sum.1 + 1.0);
                }
            }
            let count = self.rows.get(row).map_or(0, Vec::len);
            let mut order: Vec<usize> = (0..count).collect();
            let middle = |i: &usize| sums.get(i).map_or(0.0, |(sum, n)| sum / n);
            order.sort_by(|a, b| middle(a).total_cmp(&middle(b)).then(a.cmp(b)));
            self.reorder(row, &order);
        }
        let widest = (0..self.rows.len()).map(|row| self.row_width(row)).fold(0.0, f64::max);
        for row in 0..self.rows.len() {
            let xs = self.spread(row);
            let shift = MARGIN + widest / 2.0;
            for (place, x) in self.rows.get_mut(row).into_iter().flatten().zip(xs) {
                place.x = x + shift;
            }
        }
    }

    fn reorder(&mut self, row: usize, order: &[usize]) {
        let Some(places) = self.rows.get_mut(row) else { return };
        let mut new_of = vec![0_usize; order.len()];
        for (new, old) in order.iter().enumerate() {
            if let Some(slot) = new_of.get_mut(*old) {
                *slot = new;
            }
        }
        *places = order.iter().filter_map(|old| places.get(*old).copied()).collect();
        for (at, i) in self.chains.iter_mut().flatten() {
            if *at == row {
                *i = new_of.get(*i).copied().unwrap_or(*i);
            }
        }
    }

    fn row_width(&self, row: usize) -> f64 {
        let places = self.rows.get(row).map(Vec::as_slice).unwrap_or_default();
        let gaps = places.len().saturating_sub(1) as f64 * GAP;
        places.iter().map(|p| p.width()).sum::<f64>() + gaps
    }

    /// The middles of a row's places, around zero.
    fn spread(&self, row: usize) -> Vec<f64> {
        let mut left = -self.row_width(row) / 2.0;
        let places = self.rows.get(row).map(Vec::as_slice).unwrap_or_default();
        places
            .iter()
            .map(|p| {
                let x = left + p.width() / 2.0;
                left += p.width() + GAP;
                x
            })
            .collect()
    }

    fn size(&self) -> (f64, f64) {
        let widest = (0..self.rows.len()).map(|row| self.row_width(row)).fold(0.0, f64::max);
        let height = top(self.rows.len().saturating_sub(1)) + BOX_HEIGHT + MARGIN;
        (MARGIN.mul_add(2.0, widest), height)
    }

    fn x(&self, (row, i): (usize, usize)) -> f64 {
        self.rows.get(row).and_then(|r| r.get(i)).map_or(0.0, |p| p.x)
    }

    /// From the bottom of a step through its passages to the top of another, with a head.
    fn arrow(&self, out: &mut String, chain: &[(usize, usize)]) {
        let (Some(&first), Some(&last)) = (chain.first(), chain.last()) else { return };
        let (mut x, mut y) = (self.x(first), top(first.0) + BOX_HEIGHT);
        let mut path = format!("M{x:.0} {y:.0}");
        for &place in chain.iter().skip(1) {
            let (to_x, to_y) = (self.x(place), top(place.0) - if place == last { 7.0 } else { 0.0 });
            let bend = (to_y - y) / 2.0;
            let _ = write!(path, " C{x:.0} {:.0} {to_x:.0} {:.0} {to_x:.0} {to_y:.0}", y + bend, to_y - bend);
            (x, y) = (to_x, to_y);
            if place != last {
                y = top(place.0) + BOX_HEIGHT;
                let _ = write!(path, " V{y:.0}");
            }
        }
        let _ = writeln!(
            out,
            "<path class=\"edge\" d=\"{path}\"/><path class=\"head\" d=\"M{:.0} {y:.0}h10l-5 7z\"/>",
            x - 5.0
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn rows_follow_the_order_and_no_two_places_overlap() {
        let plan = fixture::plan();
        let layout = Layout::of(&plan);
        let mut row_of = BTreeMap::new();
        for (row, places) in layout.rows.iter().enumerate() {
            for pair in places.windows(2) {
                assert!(pair[1].x - pair[0].x >= (pair[0].width() + pair[1].width()) / 2.0);
            }
            for place in places {
                assert!(place.x - place.width() / 2.0 >= 0.0);
                row_of.extend(place.step.map(|i| (plan.steps[i].id.clone(), row)));
            }
        }
        for step in &plan.steps {
            for before in &step.after {
                assert!(row_of[before] < row_of[&step.id]);
            }
        }
        // Every arrow begins and ends at its steps, and goes down one row at a time.
        assert_eq!(layout.chains.len(), plan.steps.iter().map(|s| s.after.len()).sum::<usize>());
        for chain in &layout.chains {
            assert!(chain.windows(2).all(|w| w[0].0 + 1 == w[1].0));
            let ends = [chain[0], chain[chain.len() - 1]];
            assert!(ends.iter().all(|(row, i)| layout.rows[*row][*i].step.is_some()));
        }
    }

    #[test]
    fn what_is_no_plan_is_still_drawn_or_left_out() {
        let mut plan = fixture::plan();
        plan.steps[0].after = vec!["tell <all>".to_owned(), "nothing".to_owned(), "deploy-canary".to_owned()];
        assert!(draw(&plan, "x").is_some());
        plan.steps = vec![plan.steps[0].clone(); MOST + 1];
        assert!(draw(&plan, "x").is_none());
        plan.steps.clear();
        assert!(draw(&plan, "x").is_none());
    }

    #[test]
    fn a_step_that_can_be_taken_back_says_how() {
        let mut plan = fixture::plan();
        let drawn = draw(&plan, "x").unwrap();
        assert_eq!(drawn.matches(">undo: traffic.back/v1 &lt;b&gt;</text>").count(), 1);
        plan.steps.iter_mut().for_each(|step| step.undo = None);
        assert!(!draw(&plan, "x").unwrap().contains("undo"));
    }

    #[test]
    fn the_drawing() {
        insta::assert_snapshot!(draw(&fixture::plan(), "p1").unwrap());
    }
}

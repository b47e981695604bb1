//! A drawing surface in pixels whose colours are variables of the page's style sheet.
//!
//! plotters writes colours as numbers. Each [`Ink`] is drawn in a number that nothing else uses, and
//! the number is then replaced by the variable's name: one drawing serves both colour schemes.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A colour by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Text.
    Text,
    /// Text of less weight.
    Muted,
    /// Lines of a grid.
    Grid,
    /// The line that ratios are measured from.
    Axis,
    /// A contender, by its place in `SHOWN`.
    Series(u8),
    /// A step of the diverging scale, from -4 to 4.
    Heat(i8),
}

impl Ink {
    fn colour(self) -> RGBColor {
        match self {
            Self::Text => RGBColor(1, 254, 0),
            Self::Muted => RGBColor(1, 254, 1),
            Self::Grid => RGBColor(1, 254, 2),
            Self::Axis => RGBColor(1, 254, 3),
            Self::Series(n) => RGBColor(1, 253, n),
            Self::Heat(step) => RGBColor(1, 252, (step + 4) as u8),
        }
    }

    fn variable(self) -> String {
        match self {
            Self::Text => "var(--text)".into(),
            Self::Muted => "var(--muted)".into(),
            Self::Grid => "var(--grid)".into(),
            Self::Axis => "var(--axis)".into(),
            Self::Series(n) => format!("var(--series{n})"),
            Self::Heat(step) => format!("var(--heat{})", step + 4),
        }
    }
}

fn inks() -> impl Iterator<Item = Ink> {
    [Ink::Text, Ink::Muted, Ink::Grid, Ink::Axis]
        .into_iter()
        .chain((0..3).map(Ink::Series))
        .chain((-4..=4).map(Ink::Heat))
}

/// Replaces the inks' numbers by the style sheet's variables.
fn css_colours(svg: &str) -> String {
    inks().fold(svg.to_owned(), |svg, ink| {
        let RGBColor(r, g, b) = ink.colour();
        svg.replace(&format!("#{r:02X}{g:02X}{b:02X}"), &ink.variable())
    })
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// The surface. Drawing into a string cannot fail.
pub(super) struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

const DRAWN: &str = "drawing into a string cannot fail";

impl Canvas<'_> {
    /// The picture that `draw` makes, `width` by `height` pixels, described by `label`.
    pub(super) fn svg(
        (width, height): (u32, u32),
        label: &str,
        draw: impl FnOnce(&mut Canvas<'_>),
    ) -> String {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
            let mut canvas = Canvas(area);
            draw(&mut canvas);
            canvas.0.present().expect(DRAWN);
        }
        let label = label.replace('&', "&amp;").replace('"', "&quot;");
        css_colours(&svg).replacen(
            "<svg ",
            &format!("<svg role=\"img\" aria-label=\"{label}\" "),
            1,
        )
    }

    pub(super) fn rect(&mut self, (x0, y0): (i32, i32), (x1, y1): (i32, i32), ink: Ink) {
        let style = ink.colour().filled();
        self.0
            .draw(&Rectangle::new([(x0, y0), (x1, y1)], style))
            .expect(DRAWN);
    }

    pub(super) fn line(&mut self, from: (i32, i32), to: (i32, i32), ink: Ink, width: u32) {
        let style = ink.colour().stroke_width(width);
        self.0
            .draw(&PathElement::new([from, to], style))
            .expect(DRAWN);
    }

    pub(super) fn dot(&mut self, at: (i32, i32), radius: i32, ink: Ink) {
        self.0
            .draw(&Circle::new(at, radius, ink.colour().filled()))
            .expect(DRAWN);
    }

    pub(super) fn ring(&mut self, at: (i32, i32), radius: i32, ink: Ink) {
        let style = ink.colour().stroke_width(2);
        self.0.draw(&Circle::new(at, radius, style)).expect(DRAWN);
    }

    pub(super) fn text(&mut self, at: (i32, i32), align: Align, ink: Ink, size: u32, text: &str) {
        let h = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        // The backend divides font sizes by this.
        let font = ("sans-serif", f64::from(size) * 1.24).into_font();
        let style = font.color(&ink.colour()).pos(Pos::new(h, VPos::Center));
        self.0
            .draw(&Text::new(text.to_owned(), at, style))
            .expect(DRAWN);
    }

    /// A legend of the contenders in `names`, from `x` to the right.
    pub(super) fn legend(&mut self, (mut x, y): (i32, i32), names: &[&str]) {
        for (n, name) in names.iter().enumerate() {
            self.dot((x, y), 5, Ink::Series(n as u8));
            self.text((x + 10, y), Align::Left, Ink::Text, 12, name);
            x += 30 + 7 * name.len() as i32;
        }
    }
}

/// A logarithmic axis from `low` to `high` onto pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogScale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) left: i32,
    pub(super) right: i32,
}

impl LogScale {
    /// Where `value` is; values beyond the ends are put at the ends.
    pub(super) fn x(&self, value: f64) -> i32 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        let width = f64::from(self.right - self.left);
        self.left + (share.clamp(0.0, 1.0) * width).round() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ink_keeps_its_number() {
        let svg = Canvas::svg((100, 100), "a \"test\"", |c| {
            for (i, ink) in inks().enumerate() {
                c.rect((0, i as i32), (5, i as i32 + 1), ink);
                c.text((0, i as i32), Align::Left, ink, 12, "x < y");
            }
        });
        assert!(!svg.contains("#01F"), "{svg}");
        assert!(svg.contains("var(--heat8)") && svg.contains("var(--series2)"));
        assert!(svg.contains("aria-label=\"a &quot;test&quot;\"") && svg.contains("x &lt; y"));
    }

    #[test]
    fn equal_ratios_are_equally_far_apart() {
        let s = LogScale {
            low: 0.25,
            high: 4.0,
            left: 100,
            right: 500,
        };
        assert_eq!(
            [0.25, 0.5, 1.0, 2.0, 4.0].map(|v| s.x(v)),
            [100, 200, 300, 400, 500]
        );
        assert_eq!((s.x(0.01), s.x(99.0)), (100, 500));
    }
}

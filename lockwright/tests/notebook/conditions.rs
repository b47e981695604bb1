//! The programs about conditions, whose books must balance.

use crate::stage::{Told, told};

#[test]
fn n19_customers_buy_what_the_producer_makes() {
    told("n19_condition", &[], |told| {
        let mut stock = 0_i32;
        for line in told.lines() {
            if let Some(now) = line.strip_prefix("Made 1, now there are ") {
                stock += 1;
                assert_eq!(now, stock.to_string());
            } else if let Some((_, left)) = line.split_once(" bought 1, ") {
                stock -= 1;
                assert_eq!(left, format!("{stock} are left"));
            }
            assert!((0..=5).contains(&stock));
        }
        for customer in ["Customer-1", "Customer-2"] {
            assert_eq!(told.count(&format!("{customer} bought 1, *")), 3);
            let home = format!("{customer} has no money left - goes home");
            told.in_order(&format!("{customer} bought 1, *"), &home);
        }
        // Six are sold, in two lots of five.
        let full = told.first("There are 5, no more are made");
        assert!(full < told.first("Sold out, * tells the producer"));
        assert!(told.count("Made 1, now there are *") >= 6);
    });
}

/// Ten productions, numbered; and each line says what follows from the one before.
fn balances(told: &Told) {
    let number = |text: &str| -> u64 {
        let digits = text
            .split(' ')
            .find(|word| word.chars().all(|c| c.is_ascii_digit()));
        digits.expect("a number").parse().expect("a number")
    };
    let (mut stock, mut productions) = (1_000, 0);
    for line in told.lines() {
        if let Some((made, now)) = line.split_once(" products, now there are ") {
            productions += 1;
            assert!(
                made.starts_with(&format!("Production {productions}: ")),
                "{line}"
            );
            let (_, amount) = made.rsplit_once(' ').expect("an amount");
            stock += number(amount);
            assert_eq!(now, stock.to_string(), "{line}");
        } else if let Some((who, left)) = line.split_once(" products, ") {
            let (_, amount) = who.rsplit_once(' ').expect("an amount");
            stock -= number(amount);
            assert_eq!(left, format!("{stock} are left"), "{line}");
        } else {
            assert_eq!(line, "Out of stock, please wait");
        }
    }
    assert_eq!(productions, 10);
    assert!(told.count("consumer * has bought * products, * are left") >= 1);
}

#[test]
fn n20_the_books_balance_and_all_go_home() {
    told("n20_condition_random", &[], balances);
}

#[test]
fn n21_also_with_more_producers() {
    told("n21_condition_producers_first", &[], balances);
}

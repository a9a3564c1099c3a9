package dev.spinbpf.programs.promise;

import java.util.List;

/** A part of a promise. Each has a value of 64 bits, with sign; conditions are 1 where they hold and else 0. */
public sealed interface Term {

    /** A literal. */
    record Number(long value) implements Term {}

    /** The number of runs of a program that came to their end. */
    record Runs(Name program) implements Term {}

    /** The number that a program returned, as {@code int}. */
    record Result(Name program) implements Term {}

    /** A global, an element of a map, or a part of one. */
    record Place(Name name, List<Step> steps) implements Term {
        public Place {
            steps = List.copyOf(steps);
        }
    }

    /** {@code -}. */
    record Negation(Term term) implements Term {}

    /** {@code !}. */
    record Inversion(Term term) implements Term {}

    /** Two terms. */
    record Binary(Operator operator, Term left, Term right) implements Term {}

    /** A name, and the column at which it begins, from 1. */
    record Name(String text, int column) {}

    /** A step into a value. */
    sealed interface Step {
        /** Returns the column at which it begins, from 1. */
        int column();
    }

    /** An element, by its index or key. */
    record Element(long index, int column) implements Step {}

    /** A member of a struct or union. */
    record Member(String name, int column) implements Step {}

    /** The operators on two terms. */
    enum Operator {
        OR("||"),
        AND("&&"),
        EQUAL("=="),
        NOT_EQUAL("!="),
        LESS("<"),
        AT_MOST("<="),
        GREATER(">"),
        AT_LEAST(">="),
        PLUS("+"),
        MINUS("-"),
        TIMES("*");

        private final String sign;

        Operator(String sign) {
            this.sign = sign;
        }

        static Operator of(String sign) {
            for (Operator each : values()) {
                if (each.sign.equals(sign)) {
                    return each;
                }
            }
            throw new IllegalArgumentException(sign);
        }
    }
}

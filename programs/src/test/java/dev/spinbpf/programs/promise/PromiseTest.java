package dev.spinbpf.programs.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.promise.Term.Binary;
import dev.spinbpf.programs.promise.Term.Element;
import dev.spinbpf.programs.promise.Term.Member;
import dev.spinbpf.programs.promise.Term.Name;
import dev.spinbpf.programs.promise.Term.Number;
import dev.spinbpf.programs.promise.Term.Operator;
import dev.spinbpf.programs.promise.Term.Place;
import dev.spinbpf.programs.promise.Term.Runs;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Promises as text. */
class PromiseTest {
    @Test
    void shouldReadPlacesAndRuns() throws PromiseException {
        Promise promise = Promise.parse("counters[-1].value == runs(count_packet)");

        assertThat(promise.always()).isFalse();
        assertThat(promise.condition())
                .isEqualTo(new Binary(
                        Operator.EQUAL,
                        new Place(new Name("counters", 1), List.of(new Element(-1, 9), new Member("value", 14))),
                        new Runs(new Name("count_packet", 28))));
    }

    @Test
    void shouldBindAsCDoes() throws PromiseException {
        Promise promise = Promise.parse("always 1 + 2 * 0x3 - 4 < 5 || 6 && 7");
        Binary sum = new Binary(
                Operator.MINUS,
                new Binary(Operator.PLUS, new Number(1), new Binary(Operator.TIMES, new Number(2), new Number(3))),
                new Number(4));

        assertThat(promise.always()).isTrue();
        assertThat(promise.condition())
                .isEqualTo(new Binary(
                        Operator.OR,
                        new Binary(Operator.LESS, sum, new Number(5)),
                        new Binary(Operator.AND, new Number(6), new Number(7))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "x = 1         | column 3: unexpected '=', expected an operator, the end",
                "x ==          | column 5: unexpected the end, expected ",
                "runs(3)       | column 6: unexpected '3', expected ",
                "x[y]          | column 3: unexpected 'y', expected '-', a number",
                "0x1ffffffffffffffff | column 1: 0x1ffffffffffffffff does not fit into 64 bits",
                "x == \"        | column 6: unexpected '\"'"
            })
    void shouldSayWhereTheMistakeIs(String text, String mistake) {
        assertThatThrownBy(() -> Promise.parse(text))
                .isInstanceOf(PromiseException.class)
                .hasMessageContaining(mistake);
    }

    @Test
    void shouldRefuseALongOne() {
        assertThatThrownBy(() -> Promise.parse("(".repeat(Promise.MOST_CHARS + 1)))
                .isInstanceOf(PromiseException.class)
                .hasMessageContaining("at most 500 characters");
        assertThatThrownBy(() -> Promise.parse("(".repeat(Promise.MOST_CHARS)))
                .isInstanceOf(PromiseException.class)
                .hasMessageContaining("unexpected the end");
    }
}

package dev.spinbpf.programs.promise;

import dev.spinbpf.programs.promise.grammar.PromiseLexer;
import dev.spinbpf.programs.promise.grammar.PromiseParser;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.Parser;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.misc.ParseCancellationException;
import org.jspecify.annotations.Nullable;

/** A promise's syntax to its terms. The first mistake ends it. */
final class PromiseReader {
    private PromiseReader() {}

    static Promise read(String text) throws PromiseException {
        if (text.length() > Promise.MOST_CHARS) {
            throw new PromiseException(
                    text.substring(0, 40) + "...",
                    Promise.MOST_CHARS + 1,
                    "a promise has at most " + Promise.MOST_CHARS + " characters");
        }
        PromiseParser parser = new PromiseParser(new CommonTokenStream(new PromiseLexer(CharStreams.fromString(text))));
        parser.removeErrorListeners();
        parser.addErrorListener(new FirstMistake());
        try {
            PromiseParser.PromiseContext promise = parser.promise();
            return new Promise(text, promise.always != null, condition(promise.condition()));
        } catch (Mistake e) {
            throw new PromiseException(text, e.column, String.valueOf(e.getMessage()));
        }
    }

    private static final class Mistake extends ParseCancellationException {
        private static final long serialVersionUID = 1;

        private final int column;

        Mistake(int column, String message) {
            super(message);
            this.column = column;
        }
    }

    /** Ends the parse at what the parser reports first. */
    private static final class FirstMistake extends BaseErrorListener {
        @Override
        public void syntaxError(
                Recognizer<?, ?> recognizer,
                Object offendingSymbol,
                int line,
                int charPositionInLine,
                String message,
                @Nullable RecognitionException e) {
            if (!(recognizer instanceof Parser parser && offendingSymbol instanceof Token token)) {
                throw new Mistake(charPositionInLine + 1, message);
            }
            List<String> expected = new ArrayList<>();
            for (int type : parser.getExpectedTokens().toList()) {
                expected.add(shown(parser, type));
            }
            if (expected.size() == 1) {
                expected.addFirst("an operator");
            }
            String found = token.getType() == Token.EOF ? "the end" : "'" + token.getText() + "'";
            throw new Mistake(
                    token.getStartIndex() + 1, "unexpected " + found + ", expected " + String.join(", ", expected));
        }

        private static String shown(Parser parser, int type) {
            return switch (type) {
                case Token.EOF -> "the end";
                case PromiseParser.INT -> "a number";
                case PromiseParser.IDENT -> "a name";
                default -> parser.getVocabulary().getDisplayName(type);
            };
        }
    }

    /** Terms from left to right, joined by an operator before each but the first. */
    private static <C> Term joined(List<C> parts, Function<C, Term> read, IntFunction<Term.Operator> operatorBefore) {
        Term all = read.apply(parts.getFirst());
        for (int i = 1; i < parts.size(); i++) {
            all = new Term.Binary(operatorBefore.apply(i), all, read.apply(parts.get(i)));
        }
        return all;
    }

    private static Term condition(PromiseParser.ConditionContext context) {
        return joined(context.conjunction(), PromiseReader::conjunction, _ -> Term.Operator.OR);
    }

    private static Term conjunction(PromiseParser.ConjunctionContext context) {
        return joined(context.comparison(), PromiseReader::comparison, _ -> Term.Operator.AND);
    }

    private static Term comparison(PromiseParser.ComparisonContext context) {
        Term left = sum(context.left);
        return context.op == null
                ? left
                : new Term.Binary(Term.Operator.of(context.op.getText()), left, sum(context.right));
    }

    private static Term sum(PromiseParser.SumContext context) {
        return joined(
                context.product(),
                PromiseReader::product,
                i -> Term.Operator.of(context.op.get(i - 1).getText()));
    }

    private static Term product(PromiseParser.ProductContext context) {
        return joined(context.factor(), PromiseReader::factor, _ -> Term.Operator.TIMES);
    }

    private static Term factor(PromiseParser.FactorContext context) {
        return switch (context) {
            case PromiseParser.NumberContext c -> new Term.Number(number(c.INT().getSymbol()));
            case PromiseParser.NegationContext c -> new Term.Negation(factor(c.factor()));
            case PromiseParser.InversionContext c -> new Term.Inversion(factor(c.factor()));
            case PromiseParser.NestedContext c -> condition(c.condition());
            case PromiseParser.RunsContext c -> new Term.Runs(name(c.name()));
            case PromiseParser.ResultContext c -> new Term.Result(name(c.name()));
            case PromiseParser.PlaceContext c ->
                new Term.Place(
                        name(c.name()),
                        c.step().stream().map(PromiseReader::step).toList());
            default -> throw new IllegalStateException(context.getText());
        };
    }

    private static Term.Step step(PromiseParser.StepContext context) {
        int column = context.getStart().getStartIndex() + 1;
        if (context instanceof PromiseParser.ElementContext element) {
            long index = number(element.INT().getSymbol());
            return new Term.Element(element.getChildCount() > 3 ? -index : index, column);
        }
        return new Term.Member(((PromiseParser.MemberContext) context).name().getText(), column + 1);
    }

    private static Term.Name name(PromiseParser.NameContext context) {
        return new Term.Name(context.getText(), context.getStart().getStartIndex() + 1);
    }

    private static long number(Token token) {
        String digits = token.getText();
        try {
            return digits.length() > 1 && (digits.charAt(1) | ' ') == 'x'
                    ? Long.parseUnsignedLong(digits.substring(2), 16)
                    : Long.parseUnsignedLong(digits);
        } catch (NumberFormatException e) {
            throw new Mistake(token.getStartIndex() + 1, digits + " does not fit into 64 bits");
        }
    }
}

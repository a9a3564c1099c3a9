package dev.spinbpf.verifier.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * The way in which a helper or kernel function calls back.
 *
 * @param async whether it keeps the callback, to be called later
 * @param maySleep whether a callback that is called later may sleep
 * @param args what the callback gets, r1 upwards
 * @param range what it may return
 */
public record Callback(boolean async, boolean maySleep, List<Arg> args, RetvalRange range) {

    /**
     * An argument of the callback.
     *
     * @param regno register of the caller that it comes from, 0 if it comes from none
     * @param struct name of the struct that it points to, or empty
     */
    public record Arg(Source source, int regno, String struct) {}

    /** The thing that the callback gets. */
    public enum Source {
        /** The same as the caller's register. */
        REGISTER,
        /** The map that the caller's register belongs to. */
        MAP,
        /** A key of that map. */
        KEY,
        /** A value of that map. */
        VALUE,
        /** A node of the tree whose root the caller's register points to. */
        NODE,
        /** Any number. */
        SCALAR,
        /** A dynptr. */
        DYNPTR,
        /** A struct of the kernel's. */
        STRUCT
    }

    /**
     * Reads {@code ARGS=RANGE}, as in {@code r1+key(r1)+scalar=0..1}: see the table of helpers.
     *
     * @throws IllegalArgumentException if the text is no such list
     */
    static Callback parse(String text, boolean async, boolean maySleep) {
        int equals = text.indexOf('=');
        List<Arg> args = new ArrayList<>();
        for (String arg : text.substring(0, equals).split("\\+", -1)) {
            args.add(arg(arg));
        }
        return new Callback(async, maySleep, List.copyOf(args), range(text.substring(equals + 1)));
    }

    private static RetvalRange range(String text) {
        if (text.equals("any")) {
            return new RetvalRange(Integer.MIN_VALUE, Integer.MAX_VALUE);
        }
        int dots = text.indexOf("..");
        return new RetvalRange(Integer.parseInt(text.substring(0, dots)), Integer.parseInt(text.substring(dots + 2)));
    }

    private static Arg arg(String text) {
        int open = text.indexOf('(');
        String of = open < 0 ? "" : text.substring(open + 1, text.length() - 1);
        return switch (open < 0 ? text : text.substring(0, open)) {
            case "scalar" -> new Arg(Source.SCALAR, 0, "");
            case "dynptr" -> new Arg(Source.DYNPTR, 0, "");
            case "struct" -> new Arg(Source.STRUCT, 0, of);
            case "map" -> new Arg(Source.MAP, register(of), "");
            case "key" -> new Arg(Source.KEY, register(of), "");
            case "value" -> new Arg(Source.VALUE, register(of), "");
            case "node" -> new Arg(Source.NODE, register(of), "");
            default -> new Arg(Source.REGISTER, register(text), "");
        };
    }

    private static int register(String text) {
        if (text.length() != 2 || text.charAt(0) != 'r' || text.charAt(1) < '1' || text.charAt(1) > '5') {
            throw new IllegalArgumentException("'" + text + "' is no argument of a callback");
        }
        return text.charAt(1) - '0';
    }
}

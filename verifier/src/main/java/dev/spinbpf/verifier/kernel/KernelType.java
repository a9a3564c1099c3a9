package dev.spinbpf.verifier.kernel;

/**
 * A type in the prototype of a kernel function, qualifiers taken off.
 *
 * @param shape what it is, behind its pointers
 * @param name of structs and the like their name, else empty
 * @param sizeBytes size behind the pointers; 0 if it has none or it is not known
 * @param pointers how many pointers lead to it
 */
public record KernelType(Shape shape, String name, int sizeBytes, int pointers) {
    /** Shapes of types. */
    public enum Shape {
        VOID("UNKNOWN"),
        INT("INT"),
        ENUM("ENUM"),
        STRUCT("STRUCT"),
        UNION("UNION"),
        FWD("FWD"),
        FUNC("FUNC_PROTO"),
        ARRAY("ARRAY");

        private final String display;

        Shape(String display) {
            this.display = display;
        }

        /** The name in messages. */
        public String display() {
            return display;
        }
    }

    static KernelType parse(String text, KernelStructs structs) {
        int end = text.length();
        while (text.charAt(end - 1) == '*') {
            end--;
        }
        int pointers = text.length() - end;
        String base = text.substring(0, end);
        int space = base.indexOf(' ');
        if (space > 0) {
            String name = base.substring(space + 1);
            return switch (base.substring(0, space)) {
                case "struct" -> new KernelType(Shape.STRUCT, name, structs.sizeOf(name), pointers);
                case "union" -> new KernelType(Shape.UNION, name, structs.sizeOf(name), pointers);
                default -> new KernelType(Shape.FWD, name, 0, pointers);
            };
        }
        return switch (base) {
            case "void" -> new KernelType(Shape.VOID, "", 0, pointers);
            case "func" -> new KernelType(Shape.FUNC, "", 0, pointers);
            case "array" -> new KernelType(Shape.ARRAY, "", 0, pointers);
            case "bool" -> new KernelType(Shape.INT, base, 1, pointers);
            default -> {
                boolean isEnum = base.startsWith("enum");
                int bits = Integer.parseInt(base.substring(isEnum ? 4 : 1));
                yield new KernelType(isEnum ? Shape.ENUM : Shape.INT, base, bits / Byte.SIZE, pointers);
            }
        };
    }

    public boolean isScalar() {
        return pointers == 0 && isScalarShape();
    }

    public boolean isPointer() {
        return pointers > 0;
    }

    public boolean isVoid() {
        return pointers == 0 && shape == Shape.VOID;
    }

    /** Returns whether it points to the struct of that name, at one remove. */
    public boolean pointsTo(String struct) {
        return pointers == 1 && shape == Shape.STRUCT && name.equals(struct);
    }

    /** Returns whether it points to a struct or union. */
    public boolean isStructPointer() {
        return pointers == 1 && (shape == Shape.STRUCT || shape == Shape.UNION);
    }

    public boolean isFunctionPointer() {
        return pointers == 1 && shape == Shape.FUNC;
    }

    /** Returns what a pointer points to. */
    public KernelType pointee() {
        return new KernelType(shape, name, sizeBytes, pointers - 1);
    }

    /** Returns what Linux prints of it: kind and name, as in {@code STRUCT sk_buff}. */
    public String display() {
        return pointers > 0 ? "PTR " : shape.display() + " " + (shape == Shape.INT ? intName() : name);
    }

    private String intName() {
        return name;
    }

    private boolean isScalarShape() {
        return shape == Shape.INT || shape == Shape.ENUM;
    }
}

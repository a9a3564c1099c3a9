package dev.spinbpf.vm.broken;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A second copy of some packages with a mistake in one method, so that a test can be seen to find it. What runs otherwise
 * stays as it is, and so does this package, by which tests speak with a copy.
 */
public final class BrokenCopy extends ClassLoader {
    private final List<String> packages;
    private final Mistake mistake;

    /**
     * A mistake.
     *
     * @param className full name of the class
     * @param methodName the method with the mistake
     * @param place the instructions that it takes the place of; there has to be one
     * @param code writes what stands there instead
     */
    public record Mistake(
            String className, String methodName, Predicate<CodeElement> place, Consumer<CodeBuilder> code) {
        /**
         * A mistake in place of the calls of a method: its arguments are on the stack, and a result has to be left there.
         *
         * @param callee name and descriptor of the method that is called
         */
        public static Mistake call(String className, String methodName, String callee, Consumer<CodeBuilder> code) {
            return new Mistake(
                    className,
                    methodName,
                    element -> element instanceof InvokeInstruction call
                            && callee.equals(
                                    call.name().stringValue() + call.type().stringValue()),
                    code);
        }

        /** A mistake in place of a number. */
        public static Mistake constant(String className, String methodName, Number number, Consumer<CodeBuilder> code) {
            return new Mistake(
                    className,
                    methodName,
                    element ->
                            element instanceof ConstantInstruction constant && number.equals(constant.constantValue()),
                    code);
        }
    }

    /**
     * A copy.
     *
     * @param packages the beginnings of the full names of what is copied
     * @param mistake the mistake in it
     */
    public BrokenCopy(List<String> packages, Mistake mistake) {
        super(BrokenCopy.class.getClassLoader());
        this.packages = List.copyOf(packages);
        this.mistake = mistake;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        boolean isOfTest = name.startsWith(BrokenCopy.class.getPackageName() + ".");
        if (isOfTest || packages.stream().noneMatch(name::startsWith)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream in = Objects.requireNonNull(getResourceAsStream(name.replace('.', '/') + ".class"))) {
            byte[] bytes = in.readAllBytes();
            byte[] defined = name.equals(mistake.className) ? broken(bytes) : bytes;
            return defineClass(name, defined, 0, defined.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    private byte[] broken(byte[] bytes) {
        ClassFile files = ClassFile.of();
        AtomicInteger places = new AtomicInteger();
        byte[] changed = files.transformClass(
                files.parse(bytes),
                ClassTransform.transformingMethodBodies(
                        method -> method.methodName().equalsString(mistake.methodName), (code, element) -> {
                            if (mistake.place.test(element)) {
                                places.incrementAndGet();
                                mistake.code.accept(code);
                            } else {
                                code.with(element);
                            }
                        }));
        if (places.get() == 0) {
            throw new IllegalArgumentException(
                    mistake.className + "." + mistake.methodName + " has no place for the mistake");
        }
        return changed;
    }

    /** Returns a new object of a class of the copy, which has a constructor without arguments. */
    public Object make(Class<?> original) throws ReflectiveOperationException {
        var constructor = loadClass(original.getName()).getDeclaredConstructor();
        constructor.setAccessible(true);
        return constructor.newInstance();
    }
}

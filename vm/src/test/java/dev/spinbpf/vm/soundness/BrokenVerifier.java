package dev.spinbpf.vm.soundness;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A second copy of the verifier, and of the tests of this package, with a mistake in one method.
 *
 * <p>The mistake takes the place of the calls of a certain method: its arguments are on the stack, and a result has to be
 * left there.
 */
final class BrokenVerifier extends ClassLoader {
    private final String className;
    private final String methodName;
    private final String callee;
    private final Consumer<CodeBuilder> mistake;

    /**
     * @param className name of the class, without that of the verifier's root package
     * @param methodName the method with the mistake
     * @param callee name and descriptor of the method that is called in it
     */
    BrokenVerifier(String className, String methodName, String callee, Consumer<CodeBuilder> mistake) {
        super(BrokenVerifier.class.getClassLoader());
        this.className = "dev.spinbpf.verifier." + className;
        this.methodName = methodName;
        this.callee = callee;
        this.mistake = mistake;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        boolean isCopied = name.startsWith("dev.spinbpf.verifier.") || name.startsWith("dev.spinbpf.vm.soundness.");
        if (!isCopied) {
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
            byte[] defined = name.equals(className) ? broken(bytes) : bytes;
            return defineClass(name, defined, 0, defined.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    private byte[] broken(byte[] bytes) {
        ClassFile files = ClassFile.of();
        AtomicInteger calls = new AtomicInteger();
        byte[] changed = files.transformClass(
                files.parse(bytes),
                ClassTransform.transformingMethodBodies(
                        method -> method.methodName().equalsString(methodName), (code, element) -> {
                            if (element instanceof InvokeInstruction call
                                    && callee.equals(call.name().stringValue()
                                            + call.type().stringValue())) {
                                calls.incrementAndGet();
                                mistake.accept(code);
                            } else {
                                code.with(element);
                            }
                        }));
        if (calls.get() == 0) {
            throw new IllegalArgumentException(className + "." + methodName + " does not call " + callee);
        }
        return changed;
    }
}

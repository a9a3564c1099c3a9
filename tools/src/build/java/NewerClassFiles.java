import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Gives the classes of a jar that are older than Java 6 the version and the stack maps of Java 8; the build runs it on
 * picocli, whose classes are of Java 5.
 *
 * <p>The JVM's ahead-of-time cache takes no class that is older than Java 6, because those are verified in another way.
 * With picocli in the cache a start takes two thirds of the time. Usage: {@code java NewerClassFiles.java JAR}. A second
 * run changes nothing.
 */
final class NewerClassFiles {
    private static final String NOTICE = "META-INF/class-files.txt";
    private static final int JAVA_6 = 50;
    private static final int JAVA_8 = 52;

    /** Changes the version only; stack maps are made because of the option, for code that is built again. */
    private static final ClassTransform NEWER = ((ClassTransform) (builder, element) -> {
                if (element instanceof ClassFileVersion) {
                    builder.withVersion(JAVA_8, 0);
                } else {
                    builder.with(element);
                }
            })
            .andThen(ClassTransform.transformingMethods(MethodTransform.transformingCode(
                    CodeTransform.ofStateful(() -> (code, element) -> code.with(element)))));

    private NewerClassFiles() {}

    /** Rewrites the jar that is named. */
    public static void main(String[] arguments) throws IOException {
        Path jar = Path.of(arguments[0]);
        ByteArrayOutputStream changed = new ByteArrayOutputStream();
        try (ZipFile from = new ZipFile(jar.toFile());
                ZipOutputStream to = new ZipOutputStream(changed);
                URLClassLoader classes =
                        new URLClassLoader(new URL[] {jar.toUri().toURL()})) {
            if (from.getEntry(NOTICE) != null) {
                return;
            }
            ClassFile classFile = ClassFile.of(
                    ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                    ClassFile.DeadCodeOption.PATCH_DEAD_CODE,
                    ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofClassLoading(classes)));
            for (ZipEntry entry : Collections.list(from.entries())) {
                byte[] bytes = from.getInputStream(entry).readAllBytes();
                add(to, entry, entry.getName().endsWith(".class") ? newer(classFile, bytes) : bytes);
            }
            ZipEntry notice = new ZipEntry(NOTICE);
            notice.setTime(from.entries().nextElement().getTime());
            add(
                    to,
                    notice,
                    "spinbpf's build gave these classes the class file version of Java 8; they are otherwise unchanged.\n"
                            .getBytes(StandardCharsets.UTF_8));
        }
        Files.write(jar, changed.toByteArray());
    }

    private static byte[] newer(ClassFile classFile, byte[] bytes) {
        ClassModel model = classFile.parse(bytes);
        return model.majorVersion() < JAVA_6 ? classFile.transformClass(model, NEWER) : bytes;
    }

    private static void add(ZipOutputStream to, ZipEntry like, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(like.getName());
        entry.setTime(like.getTime());
        to.putNextEntry(entry);
        to.write(bytes);
        to.closeEntry();
    }
}

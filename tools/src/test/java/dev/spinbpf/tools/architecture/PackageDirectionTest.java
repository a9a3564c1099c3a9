package dev.spinbpf.tools.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The modules point one way, and no packages point at each other in a circle. */
class PackageDirectionTest {
    private static final String VERIFIER = "dev.spinbpf.verifier";

    /** The verifier's packages, lowest first: each uses only those before it. The root package comes last. */
    private static final List<String> VERIFIER_ORDER = List.of(
            "domain", "kernel", "refusal", "locking", "state", "flow", "log", "prune", "object", "check", "attach",
            "call", "explain");

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        String tests = PackageDirectionTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath();
        classes = new ClassFileImporter()
                .withImportOption(location -> !location.contains(tests))
                .importPackages("dev.spinbpf");
    }

    @Test
    void shouldPointFromToolsToProgramsOnly() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.spinbpf..")
                .layer("tools")
                .definedBy("dev.spinbpf.tools..")
                .layer("vm")
                .definedBy("dev.spinbpf.vm..")
                .layer("verifier")
                .definedBy("dev.spinbpf.verifier..")
                .layer("maps")
                .definedBy("dev.spinbpf.maps..")
                .layer("programs")
                .definedBy("dev.spinbpf.programs..")
                .whereLayer("tools")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("vm")
                .mayOnlyBeAccessedByLayers("tools")
                .whereLayer("verifier")
                .mayOnlyBeAccessedByLayers("vm", "tools")
                .whereLayer("maps")
                .mayOnlyBeAccessedByLayers("vm", "tools")
                .withOptionalLayers(true)
                .check(classes);
    }

    /** Each package is a slice of its own, a module's root package too. */
    @Test
    void shouldHaveNoCyclesBetweenPackages() {
        slices().assignedFrom(new EachPackage()).should().beFreeOfCycles().check(classes);
    }

    @Test
    void shouldPointDownwardsInTheVerifier() {
        List<String> higher = new ArrayList<>();
        higher.add(VERIFIER);
        for (String name : VERIFIER_ORDER.reversed()) {
            String inPackage = VERIFIER + "." + name;
            noClasses()
                    .that()
                    .resideInAPackage(inPackage)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(higher.toArray(String[]::new))
                    .check(classes);
            higher.add(inPackage);
        }
        classes()
                .that()
                .resideInAPackage(VERIFIER + "..")
                .should()
                .resideInAnyPackage(higher.toArray(String[]::new))
                .check(classes);
    }

    /** The engine and the HTTP server of the service do not know each other; commands are above both. */
    @Test
    void shouldKeepTheServiceInLayers() {
        String serve = "dev.spinbpf.tools.serve";
        String cli = "dev.spinbpf.tools.cli..";
        Map<String, String[]> notBelow = Map.of(
                serve + ".http",
                new String[] {serve, serve + ".api", serve + ".engine", "dev.spinbpf.vm..", cli},
                serve + ".engine",
                new String[] {serve, serve + ".api", serve + ".http", cli},
                serve + ".api",
                new String[] {serve, cli},
                serve,
                new String[] {cli});
        notBelow.forEach((room, above) -> noClasses()
                .that()
                .resideInAPackage(room)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(above)
                .check(classes));
        noClasses()
                .that()
                .resideOutsideOfPackages(serve + "..", cli)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(serve + "..")
                .check(classes);
    }

    @Test
    void shouldPassTheCpuAndNeverLookItUp() {
        noClasses()
                .that()
                .resideInAPackage("dev.spinbpf..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(ThreadLocal.class)
                .check(classes);
    }

    @Test
    void shouldFailWhereAPackagePointsBackUp() {
        assertThat(classes.contain("dev.spinbpf.programs.isa.Op")).isTrue();
        assertThatThrownBy(() -> noClasses()
                        .that()
                        .resideInAPackage("dev.spinbpf.verifier..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage("dev.spinbpf.programs..")
                        .check(classes))
                .isInstanceOf(AssertionError.class);
    }

    private static final class EachPackage implements SliceAssignment {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
            String name = javaClass.getPackageName();
            return name.startsWith("dev.spinbpf") ? SliceIdentifier.of(name) : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
            return "each package of spinbpf";
        }
    }
}

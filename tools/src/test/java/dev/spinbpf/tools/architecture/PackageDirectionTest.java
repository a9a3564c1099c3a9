package dev.spinbpf.tools.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The modules point one way, and no packages point at each other in a circle. */
class PackageDirectionTest {
    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
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

    @Test
    void shouldHaveNoCyclesBetweenPackages() {
        slices().matching("dev.spinbpf.(*).(*)..").should().beFreeOfCycles().check(classes);
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
}

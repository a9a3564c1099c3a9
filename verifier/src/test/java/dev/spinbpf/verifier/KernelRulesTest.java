package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.KernelRule;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each rule that not all kernels have is shown by a program that kernels on either side of it judge differently. */
class KernelRulesTest {
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {
                // Shown by programs that need the layout of a kernel's structs: Linux's bpf_qdisc_fail__invalid_dynptr
                // and
                // bpf_qdisc_fail__untrusted_write.
                "DYNPTRS_DIE_WITH_OBJECTS",
                "FAULTING_POINTERS_ARE_READ_ONLY",
                // Not shown yet: an object with a global function that needs an RCU section and is called in one alone.
                "GLOBAL_FUNCTIONS_BY_CONTEXT",
                // Shown by a kptr to a struct of the kernel: Linux's reject_kernel_ptr_into_percpu_kptr.
                "PERCPU_KPTRS_KEEP_PERCPU_OBJECTS"
            })
    void shouldHaveACaseOnEitherSide(KernelRule rule) throws Exception {
        List<VerifierCase> cases = VerifierCase.readAll().stream()
                .filter(verifierCase -> verifierCase.name().startsWith(rule + ": "))
                .toList();
        Set<String> with = verdicts(cases, rule, true);
        assertThat(with).isNotEmpty();
        assertThat(verdicts(cases, rule, false)).isNotEmpty().doesNotContainAnyElementsOf(with);
    }

    private static Set<String> verdicts(List<VerifierCase> cases, KernelRule rule, boolean has) {
        return cases.stream()
                .filter(verifierCase -> Kernel.of(verifierCase.kernel()).has(rule) == has)
                .map(VerifierCase::expected)
                .collect(Collectors.toSet());
    }

    @Test
    void shouldGiveAKernelBetweenProfilesTheRulesOfItsVersion() {
        assertThat(Kernel.of(new KernelVersion(7, 2, 13))).isSameAs(Kernel.of(new KernelVersion(7, 2, 0)));
        assertThat(Kernel.of(new KernelVersion(7, 1, 0)).has(KernelRule.RES_LOCKS_IN_TRACING))
                .isFalse();
        assertThat(Kernel.of(new KernelVersion(7, 9, 0)).has(KernelRule.RES_LOCKS_IN_TRACING))
                .isTrue();
        assertThat(KernelProfile.measurement(new KernelVersion(7, 1, 4))).contains("% of 892 verdicts");
        assertThat(KernelProfile.measurement(new KernelVersion(6, 20, 0)))
                .isEqualTo("not measured itself: between Linux 6.19 and 7.0");
        assertThat(KernelProfile.measurement(new KernelVersion(7, 9, 0)))
                .isEqualTo("not measured: newer than Linux 7.3");
        assertThat(KernelProfile.measurement(new KernelVersion(6, 1, 0)))
                .isEqualTo("not measured: older than Linux 6.16");
        assertThat(KernelProfile.measurement(new KernelVersion(7, 2, 1))).contains("% of", "are Linux's");
    }
}

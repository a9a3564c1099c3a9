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
    @EnumSource
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
        assertThat(KernelProfile.measurement(new KernelVersion(7, 1, 4)))
                .isEqualTo("not measured itself: between Linux 6.18 and 7.2");
        assertThat(KernelProfile.measurement(new KernelVersion(7, 9, 0)))
                .isEqualTo("not measured: newer than Linux 7.3");
        assertThat(KernelProfile.measurement(new KernelVersion(6, 1, 0)))
                .isEqualTo("not measured: older than Linux 6.18");
        assertThat(KernelProfile.measurement(new KernelVersion(7, 2, 1))).contains("% of", "are Linux's");
    }
}

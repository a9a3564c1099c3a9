package dev.spinbpf.programs.elf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectMutationTest {
    private static final int COPIES = 3_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void shouldReadOrRefuseDamagedObjects(long seed) throws Exception {
        int refused = new ObjectMutation(seed).run(COPIES);

        assertThat(refused).isBetween(COPIES / 3, COPIES - COPIES / 20);
    }
}

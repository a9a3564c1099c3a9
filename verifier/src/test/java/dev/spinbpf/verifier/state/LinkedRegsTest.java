package dev.spinbpf.verifier.state;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LinkedRegsTest {
    @Test
    void shouldPackAsManyAsThereIsRoomFor() {
        LinkedRegs linked = new LinkedRegs();
        for (int i = 0; i < LinkedRegs.MAX; i++) {
            assertThat(linked.add(15 - i, 63 - i, i % 2 == 0)).isTrue();
        }
        assertThat(linked.add(0, 0, true)).isFalse();
        LinkedRegs unpacked = LinkedRegs.unpack(linked.pack());
        assertThat(unpacked.size()).isEqualTo(LinkedRegs.MAX);
        for (int i = 0; i < LinkedRegs.MAX; i++) {
            assertThat(unpacked.frame(i)).isEqualTo(15 - i);
            assertThat(unpacked.index(i)).isEqualTo(63 - i);
            assertThat(unpacked.isReg(i)).isEqualTo(i % 2 == 0);
        }
    }

    @Test
    void shouldPackNoneAsZero() {
        assertThat(new LinkedRegs().pack()).isZero();
        assertThat(LinkedRegs.unpack(0).size()).isZero();
    }
}

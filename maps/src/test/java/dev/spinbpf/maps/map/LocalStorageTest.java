package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EBADF;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sched.Explorer;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.programs.linux.MapFlags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Values that belong to tasks. */
class LocalStorageTest {
    private static final long CREATE = MapFlags.BPF_LOCAL_STORAGE_GET_F_CREATE;

    private final TestMachine machine = new TestMachine(2);

    @AfterEach
    void close() {
        machine.close();
    }

    @Test
    void eachOwnerHasAValueOfItsOwnInEachMap() {
        LocalStorageMap[] maps = new LocalStorageMap[20];
        long[] owners = {machine.storage(), machine.storage(), machine.storage()};
        for (int i = 0; i < maps.length; i++) {
            maps[i] = machine.taskStorage(8);
            for (long owner : owners) {
                assertThat(maps[i].get(machine.cpu, owner, 0, 0)).isZero();
                long value = maps[i].get(machine.cpu, owner, 0, CREATE);
                assertThat(GuestMemory.getLong(value)).isZero();
                GuestMemory.putLong(value, owner + i);
            }
        }
        for (int i = 0; i < maps.length; i++) {
            for (long owner : owners) {
                long value = maps[i].get(machine.cpu, owner, 0, CREATE);
                assertThat(GuestMemory.getLong(value)).isEqualTo(owner + i);
                assertThat(maps[i].get(machine.cpu, owner, 0, 0)).as("cached").isEqualTo(value);
            }
        }
        maps[3].close();
        assertThat(GuestMemory.getLong(maps[19].get(machine.cpu, owners[2], 0, 0)))
                .isEqualTo(owners[2] + 19);
    }

    @Test
    void valueBeginsAsTheProgramSaysAndGoesWhenItIsDeleted() {
        LocalStorageMap map = machine.taskStorage(8);
        long owner = machine.storage();
        long other = machine.storage();
        assertThat(map.remove(machine.cpu, owner)).isEqualTo(-ENOENT);
        assertThat(map.remove(machine.cpu, 0)).isEqualTo(-EINVAL);
        assertThat(map.get(machine.cpu, 0, 0, CREATE)).isZero();
        assertThat(map.get(machine.cpu, owner, 0, 2)).isZero();
        long value = map.get(machine.cpu, owner, machine.value(42), CREATE);
        assertThat(GuestMemory.getLong(value)).isEqualTo(42);
        ContextLevel before = machine.cpu.enter(ContextLevel.NMI);
        assertThat(map.remove(machine.cpu, owner)).isEqualTo(-EOPNOTSUPP);
        machine.cpu.leave(before);
        assertThat(map.remove(machine.cpu, owner)).isZero();
        assertThat(map.get(machine.cpu, owner, 0, 0)).isZero();
        assertThat(map.ownerCount()).isZero();
        assertThat(GuestMemory.getLong(map.get(machine.cpu, other, 0, CREATE)))
                .as("a used element")
                .isZero();
    }

    @Test
    void userSpaceNamesTheOwnerByItsHandle() {
        LocalStorageMap map = machine.taskStorage(8);
        machine.storage();
        long owner = machine.storage();
        assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, 0)).isEqualTo(-ENOENT);
        assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(5), MapFlags.BPF_EXIST))
                .isEqualTo(-ENOENT);
        assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(5), 0))
                .isZero();
        assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(6), MapFlags.BPF_NOEXIST))
                .isEqualTo(-EEXIST);
        assertThat(map.sysUpdate(machine.cpu, machine.key(1), machine.value(6), 0))
                .isZero();
        assertThat(map.ownerCount()).isEqualTo(1);
        assertThat(map.sysLookup(machine.cpu, machine.key(1), machine.out, 0)).isZero();
        assertThat(GuestMemory.getLong(machine.out)).isEqualTo(6);
        assertThat(GuestMemory.getLong(map.get(machine.cpu, owner, 0, 0))).isEqualTo(6);
        assertThat(map.getNextKey(machine.cpu, 0, machine.out)).isEqualTo(-ENOTSUPP);
        assertThat(map.sysDelete(machine.cpu, machine.key(1))).isZero();
        assertThat(map.sysDelete(machine.cpu, machine.key(1))).isEqualTo(-ENOENT);
        for (int nobody : new int[] {-1, 2}) {
            assertThat(map.sysLookup(machine.cpu, machine.key(nobody), machine.out, 0))
                    .isEqualTo(-EBADF);
            assertThat(map.sysUpdate(machine.cpu, machine.key(nobody), machine.value, 0))
                    .isEqualTo(-EBADF);
            assertThat(map.sysDelete(machine.cpu, machine.key(nobody))).isEqualTo(-EBADF);
        }
    }

    /** A reader of one owner's list that stands on an element that moves to another owner still finds its own. */
    @Test
    void readerIsNotCarriedAwayToAnotherOwner() {
        TestMachine[] previous = new TestMachine[1];
        Explorer.exhaustively(Limits.preemptions(2), simulation -> {
            if (previous[0] != null) {
                previous[0].close();
            }
            TestMachine simulated = new TestMachine(simulation.machine(2));
            previous[0] = simulated;
            LocalStorageMap wanted = simulated.taskStorage(8);
            LocalStorageMap churned = simulated.taskStorage(8);
            long owner = simulated.storage();
            long elsewhere = simulated.storage();
            Cpu writer = simulated.cpus.get(0);
            Cpu reader = simulated.cpus.get(1);
            GuestMemory.putLong(wanted.get(writer, owner, 0, CREATE), 1);
            GuestMemory.putLong(wanted.get(writer, elsewhere, 0, CREATE), 2);
            churned.get(writer, owner, 0, CREATE);
            simulation.strand(writer, () -> {
                assertThat(churned.remove(writer, owner)).isZero();
                assertThat(churned.get(writer, elsewhere, 0, CREATE)).isNotZero();
            });
            simulation.strand(reader, () -> {
                long value = wanted.get(reader, owner, 0, 0);
                assertThat(value).isNotZero();
                assertThat(GuestMemory.getLong(value)).isEqualTo(1);
            });
            simulation.atEnd(() -> {
                assertThat(wanted.ownerCount()).isEqualTo(2);
                assertThat(churned.ownerCount()).isEqualTo(1);
            });
        });
    }
}

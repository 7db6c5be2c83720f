"""Pages run one after the other, the patient ones last, and nobody is left waiting."""

import threading
import time

import pytest

from webapp.components.turn import Turns, out_of_turn, turn


def until(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_one_at_a_time_in_order_and_the_patient_ones_last():
    turns, order = Turns(), []

    def go(name: str, patient: bool) -> None:
        turns.take(patient)
        order.append(name)
        turns.give()

    turns.take(patient=False)
    threads = []
    for count, name in enumerate(("poll 1", "press 1", "poll 2", "press 2"), start=1):
        threads.append(threading.Thread(target=go, args=(name, name.startswith("poll"))))
        threads[-1].start()
        until(lambda count=count: sum(map(len, turns._rows)) == count)
    assert order == []
    turns.give()
    for thread in threads:
        thread.join()
    assert order == ["press 1", "press 2", "poll 1", "poll 2"]
    turns.take(patient=True)  # it is free again
    turns.give()


def test_never_are_two_inside_however_many_come():
    inside, most, done = [0], [0], []

    def go(number: int) -> None:
        for _ in range(50):
            with turn(patient=bool(number % 2)), turn():  # a thread that has it goes on
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0)
                inside[0] -= 1
        done.append(number)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] and len(done) == 8


def test_who_steps_out_lets_others_in_and_comes_back():
    with turn():
        with out_of_turn():
            other = threading.Thread(target=_briefly)
            other.start()
            other.join(10)
            assert not other.is_alive()
        waits = threading.Thread(target=_briefly)
        waits.start()
        waits.join(0.05)
        assert waits.is_alive()
    waits.join(10)
    assert not waits.is_alive()


def _briefly() -> None:
    with turn():
        pass


def test_an_error_gives_the_turn_back():
    with pytest.raises(ZeroDivisionError), turn():
        1 / 0  # noqa: B018
    threading.Thread(target=_briefly).start()
    with turn():
        pass

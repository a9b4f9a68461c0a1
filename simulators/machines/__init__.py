"""The machines: pure functions of seed, virtual time and surroundings, with no clock, no input and no output.

`device` says what a machine is and `unit` what one that makes parts is; `packml`, `states`, `signal`, `physics` and
`truth` are what they are made of, and each of the others is one kind of machine. A new kind is one file and one line
here.
"""

from simulators.machines.agv import Agv
from simulators.machines.climate import ClimateSensor
from simulators.machines.compressor import Compressor
from simulators.machines.conveyor import Conveyor
from simulators.machines.device import Device
from simulators.machines.hydraulic_press import HydraulicPress
from simulators.machines.meter import EnergyMeter
from simulators.machines.mill import CncMill
from simulators.machines.moulding_machine import MouldingMachine
from simulators.machines.oven import Oven
from simulators.machines.packaging import Capper, CasePacker, Filler, Labeller
from simulators.machines.plc import Plc
from simulators.machines.robot import Robot

_ALL: tuple[type[Device], ...] = (
    CncMill,
    MouldingMachine,
    Robot,
    Filler,
    Capper,
    Labeller,
    CasePacker,
    HydraulicPress,
    Oven,
    Conveyor,
    Compressor,
    Agv,
    EnergyMeter,
    ClimateSensor,
    Plc,
)

MACHINES: dict[str, type[Device]] = {machine.kind: machine for machine in _ALL}
"""All kinds of machines, by their names."""

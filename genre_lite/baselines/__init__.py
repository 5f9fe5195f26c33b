"""Other ways to recourse, each with the same two calls as GenRe.

=========================  ====================================  =================
method                     searches                              asks of h
=========================  ====================================  =================
:class:`NearestNeighbour`  among training rows                   ``predict_proba``
:class:`GraftedNeighbour`  among their grafts, refined           ``predict_proba``
:class:`Wachter`           along the gradient, for nearness      its gradient
:class:`ROAR`              the same, against a shifting h        its gradient
:class:`PROBE`             the same, against a noisy response    its gradient
:class:`DiCE`              the same, for several at once         its gradient
:class:`GrowingSpheres`    at random, further and further out    ``predict_proba``
:class:`CCHVAE`            the same, in a latent space           ``predict_proba``
:class:`REVISE`            along the gradient in a latent space  its gradient
:class:`CRUDS`             the same, where the label is          its gradient
=========================  ====================================  =================
"""

from .cchvae import CCHVAE
from .cruds import CRUDS
from .dice import DiCE
from .grafted_neighbour import GraftedNeighbour
from .growing_spheres import GrowingSpheres
from .nearest_neighbour import NearestNeighbour
from .probe import PROBE
from .revise import REVISE
from .roar import ROAR
from .wachter import Wachter

__all__ = [
    "CCHVAE",
    "CRUDS",
    "PROBE",
    "REVISE",
    "ROAR",
    "DiCE",
    "GraftedNeighbour",
    "GrowingSpheres",
    "NearestNeighbour",
    "Wachter",
]

import { pointAt } from './plane.js'

/** A place that draws taxis, by day and by night, as a bell curve over the streets around it. */
export interface HotSpot {
  readonly east: number
  readonly north: number
  readonly radius: number
  readonly day: number
  readonly night: number
}

interface Attraction {
  readonly radius: number
  readonly day: number
  readonly night: number
}

const hotSpot = (latitude: number, longitude: number, attraction: Attraction): HotSpot => ({
  ...pointAt(latitude, longitude),
  ...attraction,
})

export const HOT_SPOTS: readonly HotSpot[] = [
  /* Penn Station */ hotSpot(40.7506, -73.9935, { radius: 170, day: 14, night: 10 }),
  /* Grand Central */ hotSpot(40.7527, -73.9772, { radius: 190, day: 12, night: 6 }),
  /* Times Square */ hotSpot(40.758, -73.9855, { radius: 300, day: 8, night: 9 }),
  /* Port Authority */ hotSpot(40.757, -73.9905, { radius: 150, day: 6, night: 7 }),
  /* Rockefeller Center */ hotSpot(40.759, -73.9765, { radius: 380, day: 8, night: 3 }),
  /* Columbus Circle */ hotSpot(40.768, -73.982, { radius: 230, day: 4, night: 3 }),
  /* Lincoln Center */ hotSpot(40.7725, -73.9835, { radius: 200, day: 3, night: 2 }),
  /* Upper East Side */ hotSpot(40.7735, -73.9595, { radius: 750, day: 5, night: 2 }),
  /* Upper West Side */ hotSpot(40.7838, -73.979, { radius: 700, day: 3, night: 2 }),
  /* Union Square */ hotSpot(40.7359, -73.9905, { radius: 280, day: 5, night: 7 }),
  /* Flatiron */ hotSpot(40.7411, -73.9897, { radius: 300, day: 4, night: 4 }),
  /* Murray Hill */ hotSpot(40.747, -73.9785, { radius: 400, day: 3, night: 4 }),
  /* Chelsea */ hotSpot(40.7455, -73.9985, { radius: 400, day: 3, night: 5 }),
  /* Meatpacking */ hotSpot(40.7405, -74.006, { radius: 180, day: 2, night: 12 }),
  /* West Village */ hotSpot(40.7335, -74.0027, { radius: 330, day: 3, night: 7 }),
  /* East Village */ hotSpot(40.7282, -73.9845, { radius: 350, day: 2, night: 8 }),
  /* Lower East Side */ hotSpot(40.72, -73.988, { radius: 280, day: 2, night: 11 }),
  /* SoHo */ hotSpot(40.7235, -73.9985, { radius: 300, day: 3, night: 4 }),
  /* Tribeca */ hotSpot(40.7185, -74.0085, { radius: 300, day: 2, night: 1.5 }),
  /* Wall Street */ hotSpot(40.7085, -74.0105, { radius: 380, day: 3.5, night: 1.2 }),
  /* Hell's Kitchen */ hotSpot(40.763, -73.99, { radius: 350, day: 2, night: 5 }),
  /* 125th Street */ hotSpot(40.8075, -73.9465, { radius: 450, day: 0.8, night: 0.8 }),
  /* Williamsburg */ hotSpot(40.7175, -73.9578, { radius: 380, day: 1, night: 6 }),
  /* Downtown Brooklyn */ hotSpot(40.6905, -73.988, { radius: 450, day: 0.8, night: 1.2 }),
  /* Long Island City */ hotSpot(40.7465, -73.9475, { radius: 350, day: 0.6, night: 0.6 }),
]

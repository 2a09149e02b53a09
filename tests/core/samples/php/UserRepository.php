<?php

namespace App\Repository;

use App\Entity\User;
use Doctrine\ORM\EntityManager as Manager;

/**
 * Finds and removes users.
 */
#[AsRepository]
final class UserRepository extends BaseRepository implements Countable
{
    use LogsQueries;

    private const LIMIT = 50;
    private Manager $manager;

    public function __construct(Manager $manager)
    {
        $this->manager = $manager;
    }

    /** Removes a user and all that belongs to them. */
    public function delete(User $user): void
    {
        $this->manager->remove($user);
        foreach ($user->orders() as $order) {
            Archive::store($order);
        }
        $this->manager->flush();
    }

    public function count(): int
    {
        return count($this->manager->findAll(User::class));
    }
}

interface Countable extends Traversable
{
    public function count(): int;
}

function user_name(User $user): string
{
    return trim($user->first() . ' ' . $user->last());
}
